import * as z from "zod";
import { Container } from "../../shared/snapshot.ts";
import { Pattern } from "./pattern.ts";
import { PortRange } from "./port-range.ts";

const Label = z
  .string()
  .regex(
    /^[^=*]+(?:=\*?[^*]*\*?)?$/,
    "must be the key of a label, or key=value, where the value may have * at its beginning, its end or both",
  );

/** What `docker ps` shows of an id, or more of it. */
const IdBeginning = z.string().regex(/^[0-9a-f]{12,64}$/, "must be the first 12 or more digits of a container's id");

/** One of these, or a list of which one is enough. */
const oneOf = <T extends z.ZodType<string>>(what: T, error?: string) =>
  z
    .union([what, z.array(what).min(1, "must name at least one")], error)
    .transform((found): readonly string[] => (typeof found === "string" ? [found] : found))
    .optional();

const STRINGS = "must be a string, or a list of strings";

const fields = {
  label: oneOf(Label, STRINGS).describe("key, or key=value; only labels that the agent's policy discloses are seen."),
  name: oneOf(Pattern, STRINGS).describe("Name of the container, without a slash before it."),
  network: oneOf(Pattern, STRINGS).describe("Name of a network it is on."),
  image: oneOf(Pattern, STRINGS).describe(
    "Image as Docker tells it; seen where the agent's policy has the field `image`.",
  ),
  project: oneOf(Pattern, STRINGS).describe("Compose project."),
  service: oneOf(Pattern, STRINGS).describe("Compose service."),
  health: oneOf(Container.shape.health).describe("Health; `none` without a health check."),
  state: oneOf(Container.shape.state).describe("State, as `docker ps` has it."),
  exposes: oneOf(PortRange).describe("Port it exposes: 80, 53/udp, 8000-8100; TCP where no protocol stands."),
  publishes: oneOf(PortRange).describe("Port of the Docker host that one of its ports is published at."),
  id: oneOf(IdBeginning, STRINGS).describe("The first 12 or more digits of its id."),
};

const saysSomething = (predicate: object): boolean => Object.values(predicate).some((value) => value !== undefined);

const NOTHING_SAID = `must have at least one of ${Object.keys(fields).join(", ")}`;

/** All that it names must hold; `not` turns around what it encloses. */
export const Predicate = z
  .strictObject({
    ...fields,
    not: z
      .strictObject(fields)
      .refine(saysSomething, NOTHING_SAID)
      .optional()
      .describe("A container for which all of this holds is left out."),
  })
  .refine(saysSomething, `${NOTHING_SAID}, not`);

/** Which containers count. Every key narrows; an empty rule takes all that are not stopped. */
export const SelectRule = z.strictObject({
  onlyExposed: z.boolean().default(false).describe("Leave out containers that expose no TCP and no UDP port."),
  onlyPublished: z.boolean().default(false).describe("Leave out containers without a port published on the host."),
  includeStopped: z.boolean().default(false).describe("Also those that are created, exited, dead or being removed."),
  where: z.array(Predicate).default([]).describe("Every entry must hold; of a list inside an entry, one is enough."),
});

export type SelectRule = z.infer<typeof SelectRule>;
export type Predicate = z.infer<typeof Predicate>;

/** The keys a predicate may have. */
export const PREDICATE_FIELDS = Object.keys(fields);
