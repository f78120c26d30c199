export const PROJECT_LABEL = "com.docker.compose.project";
export const SERVICE_LABEL = "com.docker.compose.service";

/** Compose writes project and service also into images that it builds, but these labels on containers only. */
const CONTAINER_ONLY = ["com.docker.compose.config-hash", "com.docker.compose.container-number"];

/** All labels by which a container belongs to a Compose project. */
export const COMPOSE_LABELS: readonly string[] = [PROJECT_LABEL, SERVICE_LABEL, ...CONTAINER_ONLY];

/** `True` on containers of `docker compose run`. */
export const ONE_OFF_LABEL = "com.docker.compose.oneoff";

export interface ComposeService {
  readonly project: string;
  readonly service?: string;
}

/** Which labels are the image's own; all of them while `read` is false. */
export interface ImageLabels {
  readonly read: boolean;
  readonly labels: readonly string[];
}

/**
 * Returns the Compose project that a container belongs to, and its service. An image can contain the labels of any
 * project, so they count only next to a label that Compose sets on containers, and that is not the image's own.
 * Every rule that trusts a project uses this function.
 */
export function composeServiceOf(
  labels: Readonly<Record<string, string>>,
  image: ImageLabels,
): ComposeService | undefined {
  const valueOf = (name: string): string => (Object.hasOwn(labels, name) ? labels[name]! : "");
  const isByCompose = image.read && CONTAINER_ONLY.some((name) => valueOf(name) !== "" && !image.labels.includes(name));
  const [project, service] = [valueOf(PROJECT_LABEL), valueOf(SERVICE_LABEL)];
  if (!isByCompose || project === "") return undefined;
  return { project, ...(service !== "" && { service }) };
}

/** What `membershipOf` reads of a container. */
interface Member {
  readonly labels: Readonly<Record<string, string>>;
  readonly fromImage: ImageLabels;
  readonly task?: { readonly service: string; readonly stack?: string | undefined } | undefined;
}

/**
 * Returns project and service of a container. Those of a Swarm task are its stack, if it has one, and its service. Every rule
 * that trusts a project uses this function.
 */
export function membershipOf({ labels, fromImage, task }: Member): Partial<ComposeService> {
  if (!task) return composeServiceOf(labels, fromImage) ?? {};
  return { ...(task.stack !== undefined && { project: task.stack }), service: task.service };
}
