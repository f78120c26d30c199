import * as z from "zod";
import { Container } from "../../shared/snapshot.ts";
import { Pattern } from "./pattern.ts";
import { PortRange } from "./port-range.ts";

const Label = z
  .string()
  .regex(
    /^[^=*]+(?:=\*?[^*]*\*?)?$/,
    "must be the key of a label, or key=value with an optional * at the beginning, the end or both of the value",
  );

/** The id that `docker ps` shows, or a longer prefix of the full id. */
const IdPrefix = z.string().regex(/^[0-9a-f]{12,64}$/, "must be at least the first 12 digits of a container's id");

/** One value, or a list of which one must match. */
const oneOf = <T extends z.ZodType<string>>(value: T, error?: string) =>
  z
    .union([value, z.array(value).min(1, "must have at least one entry")], error)
    .transform((found): readonly string[] => (typeof found === "string" ? [found] : found))
    .optional();

const STRINGS = "must be a string, or a list of strings";

const fields = {
  label: oneOf(Label, STRINGS).describe(
    "Label: key or key=value. Only labels that the agent's policy discloses match.",
  ),
  name: oneOf(Pattern, STRINGS).describe("Name of the container, without leading slash."),
  network: oneOf(Pattern, STRINGS).describe("Name of one of its networks."),
  image: oneOf(Pattern, STRINGS).describe(
    "Image name. Matches only if the agent's policy discloses the field `image`.",
  ),
  project: oneOf(Pattern, STRINGS).describe("Compose project."),
  service: oneOf(Pattern, STRINGS).describe("Compose service."),
  health: oneOf(Container.shape.health).describe("Health status; `none` without a health check."),
  state: oneOf(Container.shape.state).describe("State, as in `docker ps`."),
  exposes: oneOf(PortRange).describe("Exposed port: 80, 53/udp, 8000-8100. The default protocol is TCP."),
  publishes: oneOf(PortRange).describe("Port of the Docker host on which one of its ports is published."),
  id: oneOf(IdPrefix, STRINGS).describe("At least the first 12 digits of its id."),
};

const isNotEmpty = (predicate: object): boolean => Object.values(predicate).some((value) => value !== undefined);

const EMPTY = `must have at least one of ${Object.keys(fields).join(", ")}`;

/** Matches if every key matches; `not` negates the predicate inside. */
export const Predicate = z
  .strictObject({
    ...fields,
    not: z
      .strictObject(fields)
      .refine(isNotEmpty, EMPTY)
      .optional()
      .describe("Excludes containers that match all of this."),
  })
  .refine(isNotEmpty, `${EMPTY}, not`);

/** Selects containers. Every key narrows the selection; an empty rule selects all that are not stopped. */
export const SelectRule = z.strictObject({
  onlyExposed: z.boolean().default(false).describe("Exclude containers that expose no TCP or UDP port."),
  onlyPublished: z.boolean().default(false).describe("Exclude containers without a port published on the Docker host."),
  includeStopped: z
    .boolean()
    .default(false)
    .describe("Include containers that are created, exited, dead or being removed."),
  where: z
    .array(Predicate)
    .default([])
    .describe("Predicates that must all match; of a list inside a predicate, one entry must match."),
});

export type SelectRule = z.infer<typeof SelectRule>;
export type Predicate = z.infer<typeof Predicate>;

/** The keys of a predicate, which a test compares with the documentation. @internal */
export const PREDICATE_FIELDS = Object.keys(fields);
