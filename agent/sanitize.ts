import { type Container, isPairName, MAX_CONTAINER_BYTES, MAX_PAIRS } from "../shared/snapshot.ts";
import { textFault } from "../shared/text.ts";
import { DockerError } from "./docker-error.ts";
import type { InspectedImage } from "./inspected.ts";
import { type Observed, splitVariable } from "./observed.ts";
import { type Policy, discloses } from "./policy.ts";

/** Labels that Compose writes to containers but not to the images that it builds. */
const COMPOSE_ONLY = ["com.docker.compose.config-hash", "com.docker.compose.container-number"];

/**
 * Applies the policy to a container. Returns undefined when the policy hides the container. `from` is undefined when
 * the image could not be read. `unread` means that the container was never inspected, so its environment is unknown.
 */
export function sanitize(
  observed: Observed,
  policy: Policy,
  from: ImageValues | undefined,
  unread = false,
): Container | undefined {
  if (!isVisible(observed, policy, from)) return undefined;
  const { id, name, state, health, createdAt, startedAt, image, ports } = observed;
  const env = disclosePairs(policy, "env", observed.env);
  const labels = disclosePairs(policy, "label", observed.labels);
  const fields = new Set(policy.fields);
  return withinSize({
    id,
    name,
    state,
    health,
    stopping: false,
    stale: unread,
    unread,
    createdAt,
    ...(fields.has("startedAt") && Number.isFinite(startedAt) && { startedAt }),
    ...(fields.has("image") && textFault(image, 512) === undefined && { image }),
    networks: observed.networks.filter((network) => textFault(network.name, 256) === undefined),
    ports: fields.has("published") ? ports : ports.map(({ port, proto }) => ({ port, proto })),
    env: env.disclosed,
    labels: labels.disclosed,
    fromImage: {
      read: from !== undefined,
      env: from ? namesFrom(from, "env", env.disclosed) : [],
      labels: from ? namesFrom(from, "label", labels.disclosed) : [],
    },
    withheld: { env: env.withheld, labels: labels.withheld },
    refused: [...env.refused, ...labels.refused],
  });
}

/** Whether the container matches each of the policy's `only` lists that is not empty. Labels of its image do not count. */
export function isVisible({ labels: all, networks }: Observed, { only }: Policy, image?: ImageValues): boolean {
  const baked = new Set(image && namesFrom(image, "label", all));
  const labels = Object.fromEntries(Object.entries(all).filter(([name]) => !baked.has(name)));
  // Compose labels images that it builds with the project, too, so that the project of its containers is the image's.
  const isComposed = COMPOSE_ONLY.some((name) => Object.hasOwn(labels, name));
  const project = (isComposed ? all : labels)["com.docker.compose.project"] ?? "";
  if (only.projects.length > 0 && !only.projects.includes(project)) return false;
  if (only.networks.length > 0 && !networks.some(({ name }) => only.networks.includes(name))) return false;
  return only.labels.length === 0 || only.labels.some((wanted) => hasLabel(labels, wanted));
}

/** Whether the policy's `only` lists may depend on this label. */
function selects({ only }: Policy, name: string): boolean {
  return (
    COMPOSE_ONLY.includes(name) ||
    name === "com.docker.compose.project" ||
    only.labels.some((wanted) => wanted === name || wanted.startsWith(`${name}=`))
  );
}

function hasLabel(labels: Observed["labels"], wanted: string): boolean {
  const equals = wanted.indexOf("=");
  if (equals < 0) return Object.hasOwn(labels, wanted);
  return labels[wanted.slice(0, equals)] === wanted.slice(equals + 1);
}

type Refused = Container["refused"][number];

/** Applies the policy to pairs. The result is sorted by name, so that equal containers give equal JSON. */
function disclosePairs(policy: Policy, from: Refused["from"], pairs: Observed["env"]) {
  const disclosed: Record<string, string> = {};
  const refused: Refused[] = [];
  let matched = 0;
  const all = Object.entries(pairs).toSorted(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, value] of all) {
    if (matched === MAX_PAIRS || !isPairName(name) || !discloses(policy, from, name)) continue;
    matched += 1;
    const reason = valueFault(policy, name, value);
    if (reason) refused.push({ from, name, reason });
    else disclosed[name] = value;
  }
  return { disclosed, refused, withheld: all.length - matched };
}

/** Checks a value. Line breaks and tabs are permitted only for the policy's `multiline` names. */
function valueFault(policy: Policy, name: string, value: string): Refused["reason"] | undefined {
  if (/[\t\n]/.test(value) && !policy.multiline.includes(name)) return "value.charset";
  return textFault(value);
}

/** Removes environment and labels from a container that is too large, and lists their names as refused. */
function withinSize(record: Container): Container {
  if (Buffer.byteLength(JSON.stringify(record)) <= MAX_CONTAINER_BYTES) return record;
  const refuse = (from: Refused["from"], pairs: Observed["env"]): Refused[] =>
    Object.keys(pairs).map((name) => ({ from, name, reason: "container.size" }));
  const { read } = record.fromImage;
  return {
    ...record,
    env: {},
    labels: {},
    fromImage: { read, env: [], labels: [] },
    refused: [...refuse("env", record.env), ...refuse("label", record.labels)],
  };
}

/** The names and values that an image sets and the policy discloses. */
export type ImageValues = ReadonlySet<string>;

/** Returns the names whose value is the image's own. */
function namesFrom(image: ImageValues, from: Refused["from"], pairs: Container["env"]): string[] {
  return Object.entries(pairs).flatMap(([name, value]) => (image.has(keyOf(from, name, value)) ? [name] : []));
}

/** Selects what the policy discloses, so that no other value is kept. An image can set a variable several times. */
export function valuesOf({ Config }: InspectedImage, policy: Policy): ImageValues {
  const env = policy.mode === "labels only" ? [] : (Config?.Env ?? []).map(splitVariable);
  const labels = Object.entries(Config?.Labels ?? {});
  const values = [
    ...env.filter(([name]) => discloses(policy, "env", name)).map((pair) => keyOf("env", ...pair)),
    ...labels
      .filter(([name]) => discloses(policy, "label", name) || selects(policy, name))
      .map((pair) => keyOf("label", ...pair)),
  ];
  if (Buffer.byteLength(values.join("")) > MAX_CONTAINER_BYTES) throw new DockerError("docker.size");
  return new Set(values);
}

function keyOf(from: Refused["from"], name: string, value: string): string {
  return `${from} ${name}=${value}`;
}
