import { isIPv4, isIPv6 } from "node:net";
import * as z from "zod";
import { MAX_VALUE_BYTES, textFault } from "./text.ts";

/** Maximum containers in one snapshot. The agent skips further ones and logs their number. */
export const MAX_CONTAINERS = 20_000;

/** Maximum networks, ports, and published addresses of a port, of one container. */
export const MAX_NETWORKS = 64;
export const MAX_PORTS = 256;
export const MAX_PUBLISHED = 4;

/** Maximum environment variables, and maximum labels, disclosed of one container. */
export const MAX_PAIRS = 64;

/** Maximum size of one container as JSON, in bytes. Several must fit into one frame. */
export const MAX_CONTAINER_BYTES = 96 * 1024;

const plainText = (maxBytes: number) =>
  z.string().refine((text) => textFault(text, maxBytes) === undefined, "contains forbidden characters or is too long");

/** Whether the name is printable ASCII without spaces. Names become object keys, so JavaScript's special keys are invalid. */
export function isPairName(name: string): boolean {
  return /^[\x21-\x7e]{1,128}$/.test(name) && !["__proto__", "constructor", "prototype"].includes(name);
}

const pairName = z.string().refine(isPairName, "contains forbidden characters or is reserved");

const pairs = z
  .record(pairName, plainText(MAX_VALUE_BYTES))
  .refine((record) => Object.keys(record).length <= MAX_PAIRS, "too many names");

const count = z.int().nonnegative();

/** Milliseconds since the epoch. */
const instant = z.int();

const portNumber = z.int().min(1).max(65_535);

/** A full container id: 64 lowercase hexadecimal digits. */
export const ContainerId = z.string().regex(/^[0-9a-f]{64}$/);

/** One network of a container. It has no address in `host` mode or while the container is not running. */
const Attachment = z.strictObject({
  name: plainText(256),
  ipv4: z.string().refine(isIPv4).optional(),
  ipv6: z.string().refine(isIPv6).optional(),
});

/** A port the container exposes. `published` lists the Docker host's addresses that forward to it. */
const Port = z.strictObject({
  port: portNumber,
  proto: z.enum(["tcp", "udp", "sctp"]),
  published: z
    .array(z.strictObject({ ip: z.string().max(45), port: portNumber }))
    .max(MAX_PORTS)
    .optional(),
});

/** Why the value of a disclosed name is withheld: each code of the protocol, with its meaning. */
export const refusalReasons = {
  "value.length": "the value is too long",
  "value.charset": "the value contains forbidden characters",
  "value.secret": "the value contains a password, a key or a token",
  "name.unknown": "the name is not an option of Sallyport",
  "container.names": "the container has too many disclosed names",
  "container.size": "the values of the container are too large in total",
} as const;

/** A name whose value is withheld although the name is disclosed. */
const Refusal = z.strictObject({
  from: z.enum(["env", "label"]),
  name: pairName,
  reason: z.enum(Object.keys(refusalReasons) as (keyof typeof refusalReasons)[]),
});

/**
 * Which disclosed values are the image's own: its author chose them, not the operator who runs the container. When
 * the image could not be inspected (`read` is false), every value counts as the image's.
 */
const FromImage = z.strictObject({
  read: z.boolean(),
  /** Names of disclosed variables and labels whose values equal those of the image. */
  env: z.array(pairName).max(MAX_PAIRS),
  labels: z.array(pairName).max(MAX_PAIRS),
});

/** States of a Swarm task, in their order. */
export const TASK_STATES = [
  ...(["new", "allocated", "pending", "assigned", "accepted", "preparing", "ready", "starting", "running"] as const),
  ...(["complete", "shutdown", "failed", "rejected", "remove", "orphaned"] as const),
] as const;

/** States of a Swarm node. */
export const NODE_STATES = ["unknown", "down", "ready", "disconnected"] as const;

/** States of the last update of a Swarm service. */
export const UPDATE_STATES = [
  ...(["updating", "paused", "completed"] as const),
  ...(["rollback_started", "rollback_paused", "rollback_completed"] as const),
] as const;

/** A Swarm service and, unless no task of it is wanted, one of its tasks. */
const Task = z.strictObject({
  service: plainText(256),
  /** The stack of `docker stack deploy`. */
  stack: plainText(256).optional(),
  /** Missing for a service without a task. */
  state: z.enum(TASK_STATES).optional(),
  node: plainText(256).optional(),
  nodeState: z.enum(NODE_STATES).optional(),
  update: z.enum(UPDATE_STATES).optional(),
  /** The virtual addresses of the service on the networks of the task. */
  vips: z.array(Attachment).max(MAX_NETWORKS).optional(),
});

/**
 * One container as the agent's policy discloses it. The image author or the container's operator chooses every
 * text in it, so parse each one before use.
 */
export const Container = z.strictObject({
  id: ContainerId,
  name: plainText(256),
  state: z.enum(["created", "running", "paused", "restarting", "removing", "exited", "dead", "unknown"]),
  health: z.enum(["none", "starting", "healthy", "unhealthy"]),
  /** The container received its stop signal and still runs. */
  stopping: z.boolean(),
  /** When a container that is stopping counts as running again, if it still runs. */
  stoppingUntil: instant.optional(),
  /** The last inspect failed; the record contains the previous state. */
  stale: z.boolean(),
  /** Why the last inspect failed, with Docker's HTTP status if it has one. */
  problem: plainText(128).optional(),
  /** The container was never inspected; its environment is unknown, not empty. */
  unread: z.boolean(),
  createdAt: instant,
  startedAt: instant.optional(),
  image: plainText(512).optional(),
  networks: z.array(Attachment).max(MAX_NETWORKS),
  /**
   * The Swarm task that the container runs. Before the task has a container, and for a service without a task, `id` is a
   * hash of the id in the swarm.
   */
  task: Task.optional(),
  /** The container runs a Swarm task, which only the agent of a manager reports. */
  isTask: z.literal(true).optional(),
  /** Id of the container whose network namespace it uses; it has no networks of its own. */
  joins: ContainerId.optional(),
  ports: z.array(Port).max(MAX_PORTS),
  /** Number of exposed ports beyond the limit. TCP ports are listed first. */
  unlistedPorts: count.optional(),
  /** Milliseconds between health checks, and the time of the first one. */
  healthCheck: z.strictObject({ everyMs: count, firstAt: instant }).optional(),
  env: pairs,
  labels: pairs,
  fromImage: FromImage,
  /** Number of names that are not disclosed. */
  withheld: z.strictObject({ env: count, labels: count }),
  refused: z.array(Refusal).max(2 * MAX_PAIRS),
});

export type Container = z.infer<typeof Container>;
export type Attachment = z.infer<typeof Attachment>;
export type Task = z.infer<typeof Task>;
export type Port = z.infer<typeof Port>;

/** All containers an agent discloses at one generation, by id. Always complete. */
export type Containers = ReadonlyMap<string, Container>;

/** Whether both disclose the same. Records have one fixed key order, so their JSON can be compared. */
export function isSameContainer(a: Container | undefined, b: Container): boolean {
  return a === b || (a !== undefined && JSON.stringify(a) === JSON.stringify(b));
}
