import { type Container, MAX_CONTAINER_BYTES, MAX_PAIRS } from "../shared/snapshot.ts";
import { textFault } from "../shared/text.ts";
import {
  attachmentsOf,
  healthOf,
  healthOfStatus,
  type Inspected,
  type Listed,
  listedPortsOf,
  portsOf,
  stateOf,
} from "./inspected.ts";
import { type Policy, discloses } from "./policy.ts";

/** What the policy lets out of an inspected container, or undefined when it may not be seen at all. */
export function sanitizeInspected(inspected: Inspected, policy: Policy): Container | undefined {
  const { Config: config, State: state } = inspected;
  const env = Object.fromEntries((config.Env ?? []).map(splitVariable));
  return project(policy, {
    id: inspected.Id,
    name: inspected.Name,
    state: stateOf(state.Status),
    health: isAlive(stateOf(state.Status)) ? healthOf(state.Health?.Status) : "none",
    createdAt: Date.parse(inspected.Created),
    startedAt: Date.parse(state.StartedAt ?? ""),
    image: config.Image ?? "",
    networks: attachmentsOf(inspected.NetworkSettings.Networks),
    ports: portsOf(inspected),
    env,
    labels: config.Labels ?? {},
    unread: false,
  });
}

/** The same from the list alone. `unread` says that there is an environment nobody has read. */
export function sanitizeListed(listed: Listed, policy: Policy, unread: boolean): Container | undefined {
  return project(policy, {
    id: listed.Id,
    name: listed.Names?.[0] ?? "",
    state: stateOf(listed.State),
    health: healthOfStatus(listed.Status),
    createdAt: listed.Created * 1_000,
    startedAt: Number.NaN,
    image: listed.Image ?? "",
    networks: attachmentsOf(listed.NetworkSettings?.Networks),
    ports: listedPortsOf(listed),
    env: {},
    labels: listed.Labels ?? {},
    unread,
  });
}

/** Both answers of Docker, brought to one shape: everything still undisclosed. */
type Observed = Pick<
  Container,
  "id" | "name" | "state" | "health" | "createdAt" | "networks" | "ports" | "env" | "labels" | "unread"
> & { readonly startedAt: number; readonly image: string };

function project(policy: Policy, observed: Observed): Container | undefined {
  if (!isVisible(policy, observed)) return undefined;
  const env = disclosePairs(policy, "env", observed.env);
  const labels = disclosePairs(policy, "label", observed.labels);
  const wants = new Set(policy.fields);
  const record: Container = {
    id: observed.id,
    name: safeName(observed.name, observed.id),
    state: observed.state,
    health: observed.health,
    stopping: false,
    stale: false,
    unread: observed.unread,
    createdAt: Number.isFinite(observed.createdAt) ? Math.trunc(observed.createdAt) : 0,
    ...(wants.has("startedAt") && Number.isFinite(observed.startedAt) && { startedAt: Math.trunc(observed.startedAt) }),
    ...(wants.has("image") && textFault(observed.image, 512) === undefined && { image: observed.image }),
    networks: observed.networks.filter((network) => textFault(network.name, 256) === undefined),
    ports: wants.has("published") ? observed.ports : observed.ports.map(({ port, proto }) => ({ port, proto })),
    env: env.disclosed,
    labels: labels.disclosed,
    withheld: { env: env.withheld, labels: labels.withheld },
    refused: [...env.refused, ...labels.refused].slice(0, 2 * MAX_PAIRS),
  };
  return withinSize(record);
}

type Pairs = Readonly<Record<string, string>>;
type Refused = Container["refused"][number];

/** Sorted by name, so that the same container always gives the same text. */
function disclosePairs(policy: Policy, from: "env" | "label", pairs: Pairs) {
  const disclosed: Record<string, string> = {};
  const refused: Refused[] = [];
  let withheld = 0;
  for (const [name, value] of Object.entries(pairs).toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const isFull = Object.keys(disclosed).length + refused.length >= MAX_PAIRS;
    if (isFull || !isPairName(name) || !discloses(policy, from, name)) {
      withheld += 1;
      continue;
    }
    const reason = valueFault(policy, name, value);
    if (reason) refused.push({ from, name, reason });
    else disclosed[name] = value;
  }
  return { disclosed, refused, withheld };
}

/** The agent is stricter than the contract: line breaks only in names that are meant to have them. */
function valueFault(policy: Policy, name: string, value: string): Refused["reason"] | undefined {
  if (/[\t\n]/.test(value) && !policy.multiline.includes(name)) return "value.charset";
  return textFault(value);
}

/** Printable ASCII without space, and none of the keys that mean something to JavaScript. */
function isPairName(name: string): boolean {
  return /^[\x21-\x7e]{1,128}$/.test(name) && !["__proto__", "constructor", "prototype"].includes(name);
}

/** The name without Docker's slash; one that may not be told is replaced by the short id. */
export function safeName(raw: string, id: string): string {
  const name = raw.replace(/^\//, "");
  return name !== "" && textFault(name, 256) === undefined && !/[\t\n]/.test(name) ? name : id.slice(0, 12);
}

/** A record that is too large keeps what it is and loses what it says: that is refused by name. */
function withinSize(record: Container): Container {
  if (Buffer.byteLength(JSON.stringify(record)) <= MAX_CONTAINER_BYTES) return record;
  const reason = "container.size" as const;
  const refused = [
    ...Object.keys(record.env).map((name) => ({ from: "env" as const, name, reason })),
    ...Object.keys(record.labels).map((name) => ({ from: "label" as const, name, reason })),
  ];
  return { ...record, env: {}, labels: {}, refused: refused.slice(0, 2 * MAX_PAIRS) };
}

/** Whether the policy's `only` lists leave this container in sight. */
export function isVisible(policy: Policy, seen: Pick<Observed, "labels" | "networks">): boolean {
  const { projects, networks, labels } = policy.only;
  const project = seen.labels["com.docker.compose.project"] ?? "";
  if (projects.length > 0 && !projects.includes(project)) return false;
  if (networks.length > 0 && !seen.networks.some(({ name }) => networks.includes(name))) return false;
  return labels.length === 0 || labels.some((wanted) => hasLabel(seen.labels, wanted));
}

function hasLabel(labels: Pairs, wanted: string): boolean {
  const equals = wanted.indexOf("=");
  if (equals < 0) return Object.hasOwn(labels, wanted);
  return labels[wanted.slice(0, equals)] === wanted.slice(equals + 1);
}

/** A container that is not alive keeps its last health in Docker's answer; it means nothing any more. */
function isAlive(state: Container["state"]): boolean {
  return state === "running" || state === "paused";
}

function splitVariable(line: string): [string, string] {
  const equals = line.indexOf("=");
  return equals < 0 ? [line, ""] : [line.slice(0, equals), line.slice(equals + 1)];
}
