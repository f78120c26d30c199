import { type ImageLabels, membershipOf } from "../shared/compose.ts";
import { type Container, isPairName, MAX_CONTAINER_BYTES, MAX_PAIRS } from "../shared/snapshot.ts";
import { textFault } from "../shared/text.ts";
import { DockerError } from "./docker-error.ts";
import type { InspectedImage } from "./engine-response.ts";
import type { Observed } from "./observed.ts";
import { discloses, isExact, isMisspelled, isSecretValue, type Policy } from "./policy.ts";

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
  const baked = from ? namesFrom(from, "label", observed.labels) : [];
  if (!isVisible(observed, policy, { read: from !== undefined, labels: baked })) return undefined;
  const { id, name, state, health, createdAt, startedAt, image, ports, joins, unlistedPorts, healthCheck, task } =
    observed;
  const isTask = Object.hasOwn(observed.labels, TASK_LABEL) && !baked.includes(TASK_LABEL);
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
    ...(task && { task }),
    ...(isTask && { isTask: true as const }),
    ...(joins !== undefined && { joins }),
    ports: fields.has("published") ? ports : ports.map(({ port, proto }) => ({ port, proto })),
    ...(unlistedPorts !== undefined && { unlistedPorts }),
    ...(healthCheck && { healthCheck }),
    env: env.disclosed,
    labels: labels.disclosed,
    fromImage: {
      read: from !== undefined,
      env: from ? namesFrom(from, "env", observed.env).filter((one) => Object.hasOwn(env.disclosed, one)) : [],
      labels: baked.filter((one) => Object.hasOwn(labels.disclosed, one)),
    },
    withheld: { env: env.withheld, labels: labels.withheld + observed.otherLabels },
    refused: [...env.refused, ...labels.refused],
  });
}

/** Set by Docker on the container of a Swarm task. */
const TASK_LABEL = "com.docker.swarm.task.id";

const SETS_NOTHING: ImageLabels = { read: true, labels: [] };

/**
 * Whether the container matches each of the policy's `only` lists that is not empty. Labels of its image do not count.
 * Without `image`: whether it may match, whatever its image sets.
 */
export function isVisible(
  { labels, networks, task }: Observed,
  { only }: Policy,
  image: ImageLabels = SETS_NOTHING,
): boolean {
  const { project = "" } = membershipOf({ labels, fromImage: image, task });
  if (only.projects.length > 0 && !only.projects.includes(project)) return false;
  if (only.networks.length > 0 && !networks.some(({ name }) => only.networks.includes(name))) return false;
  return only.labels.length === 0 || only.labels.some((wanted) => hasLabel(labels, wanted, image));
}

function hasLabel(labels: Observed["labels"], wanted: string, image: ImageLabels): boolean {
  const [name = "", value] = wanted.split(/=(.*)/s);
  if (!image.read || image.labels.includes(name)) return false;
  return Object.hasOwn(labels, name) && (value ?? labels[name]) === labels[name];
}

type Refused = Container["refused"][number];

/**
 * Applies the policy to pairs. Names that the policy lists exactly come first, so that the limit excludes others before them;
 * otherwise the order is by name, so that equal containers give equal JSON.
 */
function disclosePairs(policy: Policy, from: Refused["from"], pairs: Observed["env"]) {
  const disclosed: Record<string, string> = {};
  const refused: Refused[] = [];
  let matched = 0;
  const all = Object.entries(pairs).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const exactFirst = all.toSorted(([a], [b]) => Number(isExact(policy, from, b)) - Number(isExact(policy, from, a)));
  for (const [name, raw] of exactFirst) {
    const value = normalized(policy, name, raw);
    const reason = pairFault(policy, from, name, value, matched);
    if (reason === "hidden") continue;
    matched += 1;
    if (reason === undefined) disclosed[name] = value;
    else if (refused.length < MAX_PAIRS) refused.push({ from, name, reason });
  }
  return { disclosed, refused, withheld: all.length - matched };
}

/** Returns why a pair is withheld: `hidden` if its name is withheld too, undefined if the pair is disclosed. */
function pairFault(
  policy: Policy,
  from: Refused["from"],
  name: string,
  value: string,
  before: number,
): Refused["reason"] | "hidden" | undefined {
  if (!isPairName(name)) return "hidden";
  if (!discloses(policy, from, name)) {
    return isMisspelled(policy, from, name) ? "name.unknown" : "hidden";
  }
  if (before >= MAX_PAIRS) return "container.names";
  return textFault(value) ?? (isSecretValue(policy, name, value) ? "value.secret" : undefined);
}

/** Replaces line breaks and tabs, which are permitted in few values, by blanks. YAML blocks and `.env` files add them. */
function normalized({ multiline }: Policy, name: string, value: string): string {
  return multiline.includes(name) ? value.replaceAll(/\r\n?/g, "\n") : value.replaceAll(/[\t\r\n]/g, " ");
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
  const env = policy.mode === "labels only" ? [] : (Config?.Env ?? []);
  const labels = Object.entries(Config?.Labels ?? {});
  const values = [
    ...env.filter(([name]) => discloses(policy, "env", name)).map((pair) => keyOf("env", ...pair)),
    ...labels.filter(([name]) => usesLabel(policy, name)).map((pair) => keyOf("label", ...pair)),
  ];
  if (Buffer.byteLength(values.join("")) > MAX_CONTAINER_BYTES) throw new DockerError("docker.size");
  return new Set(values);
}

/** Whether the policy discloses the label or its name, or its `only` lists may depend on it. */
export function usesLabel(policy: Policy, name: string): boolean {
  const isDisclosed = discloses(policy, "label", name) || isMisspelled(policy, "label", name);
  return isDisclosed || isSelecting(policy, name) || name === TASK_LABEL;
}

function isSelecting({ only }: Policy, name: string): boolean {
  return (
    name.startsWith("com.docker.compose.") ||
    only.labels.some((wanted) => wanted === name || wanted.startsWith(`${name}=`))
  );
}

function keyOf(from: Refused["from"], name: string, value: string): string {
  return `${from} ${name}=${value}`;
}
