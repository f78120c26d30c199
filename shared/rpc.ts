import * as z from "zod";
import { Container, ContainerId, MAX_CONTAINERS } from "./snapshot.ts";

/** Version of the protocol. `hello` negotiates one that both ends support. */
export const PROTOCOL = 3;

const none = z.strictObject({});
const count = z.int().nonnegative();
const generation = z.int().positive();

/** Identifies one run of one agent. Generations of different instances are not comparable. */
const Instance = z.uuid();

/** Name of the agent's Docker host. Distinguishes the agents of one renderer. */
export const HostLabel = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "must be at most 64 letters, digits, dots, dashes and underscores");

/** The agent's connection to Docker. While `unreachable`, containers keep their last known state. */
export const DockerState = z.enum(["connecting", "connected", "unreachable"]);

/** The tasks of an agent that follows a swarm: `unknown` until the first list, `stale` while the manager does not list them. */
export const SwarmState = z.enum(["unknown", "current", "stale"]);

/** The methods a renderer may call. No parameter becomes part of a request to Docker. */
export const methods = {
  /** The first request, permitted once. `protocol` is the range the caller supports; the result is the selected version. */
  hello: {
    params: z.strictObject({ protocol: z.strictObject({ min: z.int().positive(), max: z.int().positive() }) }),
    result: z.strictObject({ protocol: z.literal(PROTOCOL), instance: Instance, host: HostLabel }),
  },
  /**
   * Permitted once. The complete snapshot follows the response as soon as the agent has one, then deltas. A caller
   * that already holds a generation of this instance can pass it in `since` to receive a delta if possible. `witnessed`
   * is the size of the last tree in a checkpoint that the caller holds.
   */
  subscribe: {
    params: z.strictObject({
      since: z.strictObject({ instance: Instance, generation }).optional(),
      witnessed: count.optional(),
    }),
    result: none,
  },
  /**
   * Returns the agent's state; also resets the idle timeout. `generation` is 0 until the first complete snapshot.
   * `overflow` counts containers beyond MAX_CONTAINERS, `unreadable` those whose list entry could not be read.
   * `streamEnds` counts how often Docker's event stream ended since the agent started. `swarm` is missing unless the agent
   * follows a swarm.
   */
  health: {
    params: none,
    result: z.strictObject({
      docker: DockerState,
      audit: z.enum(["ok", "degraded"]),
      generation: count,
      containers: count,
      overflow: count,
      unreadable: count,
      streamEnds: count.default(0),
      swarm: SwarmState.optional(),
    }),
  },
} as const satisfies Record<string, { params: z.ZodType; result: z.ZodType }>;

export type Method = keyof typeof methods;
export type Params<M extends Method> = z.infer<(typeof methods)[M]["params"]>;
export type Result<M extends Method> = z.infer<(typeof methods)[M]["result"]>;

/** The notifications an agent sends after `subscribe`. */
export const notifications = {
  /**
   * One part of a complete snapshot of `parts` consecutive frames, which replaces the receiver's state. With `lacksTasks`
   * the agent does not know the tasks of the swarm yet: the receiver keeps those that it has.
   */
  "snapshot.part": z.strictObject({
    instance: Instance,
    generation,
    part: count,
    parts: z.int().positive(),
    lacksTasks: z.literal(true).optional(),
    containers: z.array(Container).max(MAX_CONTAINERS),
  }),
  /** Changes generation `base` to `generation`. A receiver without `base` has missed a message and must reconnect. */
  "snapshot.delta": z.strictObject({
    instance: Instance,
    base: generation,
    generation,
    upserted: z.array(Container).max(MAX_CONTAINERS),
    removed: z.array(ContainerId).max(MAX_CONTAINERS),
  }),
  /**
   * A signed checkpoint of the audit trail (C2SP tlog-checkpoint): after `subscribe`, then every minute while the trail
   * grows. `hashes` are those of the largest complete subtrees of the records `since` to `size`, in base64; `since` is the
   * size that the receiver holds, or 0 if the agent cannot prove that the trail extends that tree.
   */
  "audit.checkpoint": z.strictObject({
    instance: Instance,
    since: count,
    size: count,
    checkpoint: z.string().max(512),
    hashes: z.array(z.base64().length(44)).max(128),
  }),
  /** Reports that the connection to Docker changed. Changes no container. */
  "docker.state": z.strictObject({ instance: Instance, state: DockerState }),
} as const satisfies Record<string, z.ZodType>;

export type Notification = keyof typeof notifications;
export type NotificationParams<N extends Notification> = z.infer<(typeof notifications)[N]>;

/** Error responses. Texts are fixed, so that no internal detail leaves the agent. */
export const wireErrors = {
  /** The frame is not valid JSON. */
  parse: { code: -32_700, message: "not JSON" },
  /** The frame is not one request of the permitted shape, such as a batch. */
  invalid: { code: -32_600, message: "not a permitted request" },
  /** The method does not exist or is not permitted in the connection's state. */
  method: { code: -32_601, message: "unknown method, or not permitted now" },
  /** The parameters do not match the method. */
  params: { code: -32_602, message: "invalid parameters" },
  /** The agent failed; its log has the details. */
  internal: { code: -32_603, message: "internal error" },
  /** Caller and agent support no common protocol version. */
  version: { code: -32_001, message: "no common protocol version" },
  /** A request arrived before the previous one was answered. */
  busy: { code: -32_002, message: "one request at a time" },
  /** The connection exceeded its request rate. */
  rate: { code: -32_003, message: "too many requests" },
} as const;

/** One request. Ids are numbers chosen by the caller. Batches and notifications to the agent are not permitted. */
export const Request = z.strictObject({
  jsonrpc: z.literal("2.0"),
  id: z.int().nonnegative(),
  method: z.string().max(32),
  params: z.record(z.string().max(32), z.unknown()).optional(),
});
export type Request = z.infer<typeof Request>;

const WireError = z.strictObject({
  code: z.int(),
  message: z.string().max(128),
  /** Identifies the agent's audit record of the refusal. */
  data: z.strictObject({ correlation: z.string().max(64) }).optional(),
});

/** A message from an agent: a response or a notification. Results are validated by method. */
export const AgentMessage = z.union([
  z.strictObject({ jsonrpc: z.literal("2.0"), id: z.int().nonnegative(), result: z.unknown() }),
  z.strictObject({ jsonrpc: z.literal("2.0"), id: z.int().nonnegative().nullable(), error: WireError }),
  z.strictObject({ jsonrpc: z.literal("2.0"), method: z.string().max(32), params: z.record(z.string(), z.unknown()) }),
]);
export type AgentMessage = z.infer<typeof AgentMessage>;
