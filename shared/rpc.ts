import * as z from "zod";
import { Container, ContainerId, MAX_CONTAINERS } from "./snapshot.ts";

/** The contract's version. Both ends must find one in common in `hello`. */
export const PROTOCOL = 1;

const none = z.strictObject({});
const count = z.int().nonnegative();
const generation = z.int().positive();

/** One run of one agent. Generations of different instances cannot be compared. */
const Instance = z.uuid();

/** Name of the Docker host an agent stands for; distinguishes the agents of one renderer. */
export const HostLabel = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, "letters, digits, dot, dash and underscore, at most 64");

/** Head of the agent's audit chain when the frame was made: a second witness for the trail. */
const Anchor = z.strictObject({ seq: count, hash: z.string().regex(/^[0-9a-f]{64}$/) });

/** How the agent stands to Docker. `unreachable` means: what you hold is the last that was known. */
export const DockerState = z.enum(["connecting", "connected", "unreachable"]);

/** Everything a renderer may ask. There is no parameter that could reach Docker. */
export const methods = {
  /** Once, first. `protocol` is the range the caller speaks; the result is the one chosen. */
  hello: {
    params: z.strictObject({ protocol: z.strictObject({ min: z.int().positive(), max: z.int().positive() }) }),
    result: z.strictObject({ protocol: z.literal(PROTOCOL), instance: Instance, host: HostLabel }),
  },
  /**
   * Once. Answers at once; the complete snapshot follows as soon as the agent has one, then deltas. Whoever
   * holds a generation of this instance may name it: if the agent still knows what changed, a delta follows.
   */
  subscribe: {
    params: z.strictObject({ since: z.strictObject({ instance: Instance, generation }).optional() }),
    result: none,
  },
  /** The agent's state, also a proof of life. `generation` is 0 until the first complete snapshot. */
  health: {
    params: none,
    result: z.strictObject({
      docker: DockerState,
      audit: z.enum(["ok", "degraded"]),
      generation: count,
      containers: count,
    }),
  },
} as const satisfies Record<string, { params: z.ZodType; result: z.ZodType }>;

export type Method = keyof typeof methods;
export type Params<M extends Method> = z.infer<(typeof methods)[M]["params"]>;
export type Result<M extends Method> = z.infer<(typeof methods)[M]["result"]>;

/** What an agent says unasked, after `subscribe`. */
export const notifications = {
  /** A complete snapshot in `parts` frames, in order, nothing in between. Replaces what was held. */
  "snapshot.part": z.strictObject({
    instance: Instance,
    generation,
    part: count,
    parts: z.int().positive(),
    containers: z.array(Container).max(MAX_CONTAINERS),
    anchor: Anchor,
  }),
  /** Turns generation `base` into `generation`. Whoever does not hold `base` has a gap: reconnect. */
  "snapshot.delta": z.strictObject({
    instance: Instance,
    base: generation,
    generation,
    upserted: z.array(Container).max(MAX_CONTAINERS),
    removed: z.array(ContainerId).max(MAX_CONTAINERS),
    anchor: Anchor,
  }),
  /** Docker was lost or found. Changes no container. */
  "docker.state": z.strictObject({ instance: Instance, state: DockerState }),
} as const satisfies Record<string, z.ZodType>;

export type Notification = keyof typeof notifications;
export type NotificationParams<N extends Notification> = z.infer<(typeof notifications)[N]>;

/** Error codes on the wire, each with its one fixed text: what went wrong inside never crosses. */
export const wireErrors = {
  parse: { code: -32_700, message: "not JSON" },
  invalid: { code: -32_600, message: "not a permitted request" },
  method: { code: -32_601, message: "no such method now" },
  params: { code: -32_602, message: "wrong parameters" },
  internal: { code: -32_603, message: "internal error" },
  version: { code: -32_001, message: "no common protocol version" },
  busy: { code: -32_002, message: "one request at a time" },
  rate: { code: -32_003, message: "too many requests" },
} as const;

/** One request. Ids are numbers chosen by the caller; no batches, no notifications towards the agent. */
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
  /** Finds the agent's audit record of the refusal. */
  data: z.strictObject({ correlation: z.string().max(64) }).optional(),
});

/** What may arrive from an agent: an answer or a notification. Results are parsed by their method. */
export const AgentMessage = z.union([
  z.strictObject({ jsonrpc: z.literal("2.0"), id: z.int().nonnegative(), result: z.unknown() }),
  z.strictObject({ jsonrpc: z.literal("2.0"), id: z.int().nonnegative().nullable(), error: WireError }),
  z.strictObject({ jsonrpc: z.literal("2.0"), method: z.string().max(32), params: z.record(z.string(), z.unknown()) }),
]);
export type AgentMessage = z.infer<typeof AgentMessage>;
