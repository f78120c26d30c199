import * as z from "zod";
import { isFullId } from "./gate.ts";

// Only the fields of these schemas, and of those in observed.ts, are read from Docker's responses. Parsing drops all others.

/** Maps null and missing values, which Docker and Podman use alike. */
export const orElse = <T extends z.ZodType>(schema: T, fallback: z.output<T>) =>
  schema.nullish().transform((value) => value ?? fallback);

export const text = orElse(z.string(), "");

export const strings = orElse(z.record(z.string(), z.string().catch("")), {});

export const fullId = z.string().refine(isFullId);

/** An image's id without its algorithm: 64 hexadecimal digits, or "" for a container without an image. */
export const imageId = text.transform((value) => /^(?:sha256:)?([0-9a-f]{64})$/.exec(value)?.[1] ?? "");

export const variables = orElse(z.array(z.string()), []).transform((lines) => lines.map(splitVariable));

function splitVariable(line: string): [string, string] {
  const equals = line.indexOf("=");
  return equals < 0 ? [line, ""] : [line.slice(0, equals), line.slice(equals + 1)];
}

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
