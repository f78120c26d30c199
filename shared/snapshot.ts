import { isIPv4, isIPv6 } from "node:net";
import * as z from "zod";
import { textFault } from "./text.ts";

/** Containers in one snapshot. More are left out by the agent, counted, and told in its log. */
export const MAX_CONTAINERS = 20_000;

/** Networks and ports of one container: far above what anybody runs, small enough to be harmless. */
export const MAX_NETWORKS = 64;
export const MAX_PORTS = 256;
export const MAX_PUBLISHED = 4;

/** Environment variables or labels disclosed of one container. */
export const MAX_PAIRS = 64;

/** JSON text of one container, in bytes: several must fit one frame. */
export const MAX_CONTAINER_BYTES = 96 * 1024;

const plainText = (maxBytes: number) =>
  z.string().refine((text) => textFault(text, maxBytes) === undefined, "text with forbidden characters, or too long");

/** Printable ASCII without space. Names become keys of records: those with a meaning for JavaScript are refused. */
export function isPairName(name: string): boolean {
  return /^[\x21-\x7e]{1,128}$/.test(name) && !["__proto__", "constructor", "prototype"].includes(name);
}

const pairName = z.string().refine(isPairName, "a name with forbidden characters, or reserved");

const pairs = z
  .record(pairName, plainText(4 * 1024))
  .refine((record) => Object.keys(record).length <= MAX_PAIRS, "too many names");

const count = z.int().nonnegative();

/** Milliseconds since the epoch. */
const instant = z.int();

const portNumber = z.int().min(1).max(65_535);

/** A Docker id, complete: 64 lower-case hexadecimal digits. */
export const ContainerId = z.string().regex(/^[0-9a-f]{64}$/);

/** One network a container is attached to; no address while it is not running (or in `host` mode). */
const Attachment = z.strictObject({
  name: plainText(256),
  ipv4: z.string().refine(isIPv4).optional(),
  ipv6: z.string().refine(isIPv6).optional(),
});

/** A port the container exposes; `published` are the host's addresses it is also reachable at. */
const Port = z.strictObject({
  port: portNumber,
  proto: z.enum(["tcp", "udp", "sctp"]),
  published: z
    .array(z.strictObject({ ip: z.string().max(45), port: portNumber }))
    .max(MAX_PORTS)
    .optional(),
});

/** A name the policy discloses whose value broke the rule of text.ts; the value stays in the agent. */
const Refusal = z.strictObject({
  from: z.enum(["env", "label"]),
  name: pairName,
  reason: z.enum(["value.length", "value.charset", "container.size"]),
});

/**
 * What the renderer may know of one container: a projection made by the agent's policy. Every text
 * in it is chosen by whoever wrote the image or started the container: parse before use.
 */
export const Container = z.strictObject({
  id: ContainerId,
  name: plainText(256),
  state: z.enum(["created", "running", "paused", "restarting", "removing", "exited", "dead", "unknown"]),
  health: z.enum(["none", "starting", "healthy", "unhealthy"]),
  /** Docker announced the end (`kill` with the stop signal) and the container is still alive. */
  stopping: z.boolean(),
  /** The last look at it failed: this is what was known before. */
  stale: z.boolean(),
  /** It could never be inspected: the environment is unknown, not empty. */
  unread: z.boolean(),
  createdAt: instant,
  startedAt: instant.optional(),
  image: plainText(512).optional(),
  networks: z.array(Attachment).max(MAX_NETWORKS),
  ports: z.array(Port).max(MAX_PORTS),
  env: pairs,
  labels: pairs,
  /** How many more names exist: counted, never named. */
  withheld: z.strictObject({ env: count, labels: count }),
  refused: z.array(Refusal).max(2 * MAX_PAIRS),
});

export type Container = z.infer<typeof Container>;
export type Attachment = z.infer<typeof Attachment>;
export type Port = z.infer<typeof Port>;

/** All containers an agent discloses at one generation, by id. Complete, or not made at all. */
export type Containers = ReadonlyMap<string, Container>;
