import * as z from "zod";
import { isFullId } from "./gate.ts";

// The fields read from Docker's responses. Parsing drops all other keys, so nothing else is kept.

/** Maps null and missing values, which Docker and Podman use alike, to "". */
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? "");

const strings = z
  .record(z.string(), z.string().catch(""))
  .nullish()
  .transform((value) => value ?? {});

const Networks = z.record(z.string(), z.object({ IPAddress: text, GlobalIPv6Address: text }).nullish()).nullish();

const id = z.string().refine(isFullId);

/** An image's id without its algorithm: 64 hexadecimal digits, or "" for a container without an image. */
const imageId = text.transform((value) => /^(?:sha256:)?([0-9a-f]{64})$/.exec(value)?.[1] ?? "");

const variables = z.array(z.string()).nullish();

/** The id of the container whose network is used, or "". */
const networkMode = text.transform((mode) => /^container:([0-9a-f]{64})$/.exec(mode)?.[1] ?? "");

/** Nanoseconds. */
const nanoseconds = z
  .number()
  .nullish()
  .transform((value) => value ?? 0);

const PortRow = z.object({ IP: text, PrivatePort: z.number(), PublicPort: z.number().nullish(), Type: text });
export type PortRow = z.infer<typeof PortRow>;

/** One entry of `GET /containers/json`. It has no environment. */
export const ListEntry = z.object({
  Id: id,
  Names: z.array(z.string()).nullish(),
  Image: text,
  ImageID: imageId,
  Created: z.number(),
  State: text,
  Status: text,
  Labels: strings,
  Ports: z.array(PortRow).nullish(),
  HostConfig: z.object({ NetworkMode: networkMode }).nullish(),
  NetworkSettings: z.object({ Networks }).nullish(),
  isPart: z.literal(true).optional(),
});
export type ListEntry = z.infer<typeof ListEntry>;

/** An entry with an unexpected format, or one that is too large. The container exists, and can be inspected. */
export const UnreadableEntry = z
  .object({ Id: id })
  .transform(({ Id }) => ListEntry.parse({ Id, Created: 0, isPart: true }));

/** `GET /containers/<id>/json`. Its environment contains the secrets that the agent must not disclose. */
export const Inspected = z.object({
  Id: id,
  Name: z.string(),
  Image: imageId,
  Created: z.string(),
  State: z.object({ Status: text, StartedAt: text, Health: z.object({ Status: text }).nullish() }),
  Config: z.object({
    Image: text,
    Env: variables,
    Labels: strings,
    ExposedPorts: z.record(z.string(), z.unknown()).nullish(),
    StopSignal: text,
    StopTimeout: z.number().nullish(),
    Healthcheck: z.object({ Interval: nanoseconds, StartPeriod: nanoseconds, StartInterval: nanoseconds }).nullish(),
  }),
  HostConfig: z.object({ NetworkMode: networkMode, RestartPolicy: z.object({ Name: text }).nullish() }).nullish(),
  NetworkSettings: z.object({
    Networks,
    Ports: z.record(z.string(), z.array(z.object({ HostIp: text, HostPort: text })).nullish()).nullish(),
  }),
});
export type Inspected = z.infer<typeof Inspected>;

/** `GET /images/<id>/json`. Its environment may contain secrets, too. */
export const InspectedImage = z.object({
  Id: imageId,
  Config: z.object({ Env: variables, Labels: strings }).nullish(),
});
export type InspectedImage = z.infer<typeof InspectedImage>;

/** `GET /version`. */
export const EngineVersion = z.object({ ApiVersion: z.string(), MinAPIVersion: text });
export type EngineVersion = z.infer<typeof EngineVersion>;

/** Docker copies labels over its own attributes, so a container can replace any of them. */
const attribute = (length: number) => z.string().max(length).optional().catch(undefined);

/**
 * One line of `GET /events`; other attributes, including all labels, are dropped. `id` is the container: the
 * actor, or for network events the `container` attribute (Podman: always the actor).
 */
export const EngineEvent = z
  .object({
    Type: z.enum(["container", "network"]),
    Action: z.string().max(64),
    Actor: z.object({
      ID: z.string().max(128),
      Attributes: z
        .object({ container: attribute(64), signal: attribute(16), name: attribute(256), network: attribute(256) })
        .nullish(),
    }),
  })
  .transform(({ Type, Action, Actor: { ID, Attributes } }) => {
    const [action = "", detail = ""] = Action.split(": ");
    const { container, ...attributes } = Attributes ?? {};
    return { id: (Type === "network" ? container : undefined) ?? ID, action, detail, ...attributes };
  });
export type EngineEvent = z.infer<typeof EngineEvent>;
