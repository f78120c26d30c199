import { type Container, isPairName, MAX_CONTAINER_BYTES, MAX_PAIRS } from "../shared/snapshot.ts";
import { textFault } from "../shared/text.ts";
import type { Observed } from "./observed.ts";
import { type Policy, discloses } from "./policy.ts";

/**
 * Applies the policy to a container. Returns undefined when the policy hides the container. `unread` means that
 * the container was never inspected, so its environment is unknown.
 */
export function sanitize(observed: Observed, policy: Policy, unread = false): Container | undefined {
  if (!isVisible(observed, policy)) return undefined;
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
    fromImage: { read: false, env: [], labels: [] },
    withheld: { env: env.withheld, labels: labels.withheld },
    refused: [...env.refused, ...labels.refused],
  });
}

/** Whether the container matches each of the policy's `only` lists that is not empty. */
export function isVisible({ labels, networks }: Observed, { only }: Policy): boolean {
  const project = labels["com.docker.compose.project"] ?? "";
  if (only.projects.length > 0 && !only.projects.includes(project)) return false;
  if (only.networks.length > 0 && !networks.some(({ name }) => only.networks.includes(name))) return false;
  return only.labels.length === 0 || only.labels.some((wanted) => hasLabel(labels, wanted));
}

function hasLabel(labels: Observed["labels"], wanted: string): boolean {
  const equals = wanted.indexOf("=");
  if (equals < 0) return Object.hasOwn(labels, wanted);
  return labels[wanted.slice(0, equals)] === wanted.slice(equals + 1);
}

type Refused = Container["refused"][number];

/** Applies the policy to pairs. The result is sorted by name, so that equal containers give equal JSON. */
function disclosePairs(policy: Policy, from: "env" | "label", pairs: Observed["env"]) {
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
