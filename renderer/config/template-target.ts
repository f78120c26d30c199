import * as z from "zod";
import { path } from "./plain-path.ts";
import { SelectRule } from "../select/rule.ts";
import { FORMAT_NAMES } from "../template/formats/format-table.ts";

/** What a target may say of its file, whatever prints it. */
export const fileKeys = {
  template: z
    .union([path, z.array(path).min(1)])
    .describe("Handlebars template that prints the file; of a list the others are its partials (with `format`)."),
  destination: z
    .union([path, z.literal("-")])
    .describe("File to keep; replaced in one step. `-` prints it, each time that it is another."),
  mode: z
    .string('must be three octal digits in quotes, such as "0640"')
    .regex(/^0?[0-7]{3}$/, 'must be three octal digits in quotes, such as "0640"')
    .transform((digits) => Number.parseInt(digits, 8))
    .optional()
    .describe('The file\'s permissions, such as "0640"; without it "0644".'),
  owner: z
    .string('must be uid:gid in numbers, such as "0:101"')
    .regex(/^[0-9]{1,9}:[0-9]{1,9}$/, 'must be uid:gid in numbers, such as "0:101"')
    .transform((text) => ({ uid: Number(text.split(":")[0]), gid: Number(text.split(":")[1]) }))
    .optional()
    .describe("Owner of the file as uid:gid; the renderer must be allowed to give it away."),
  stateDirectory: path
    .optional()
    .describe("Where candidate and last good file are kept; without it `.sallyport` beside the file."),
};

/** Which containers: of the preset's targets two of its keys are not in here. */
export const ContainersOfTarget = SelectRule.extend({
  onlyExposed: SelectRule.shape.onlyExposed.unwrap().optional().describe("Leave out those that expose no port."),
  includeStopped: SelectRule.shape.includeStopped.unwrap().optional().describe("Also those that are stopped."),
});

/** What makes a target general: any file over the running containers. */
export const generalKeys = {
  format: z
    .enum(FORMAT_NAMES as [(typeof FORMAT_NAMES)[number]])
    .optional()
    .describe(
      "How values are quoted in a file of this kind; the template sees containers. Without it: nginx's routes.",
    ),
  includes: path.optional().describe("Directory of the files that `include` may read; only with `format`."),
};

/** The templates of a target: the one that prints first. */
export function templatesOf({ template }: { readonly template: string | readonly string[] }): readonly string[] {
  return typeof template === "string" ? [template] : template;
}

/** Keys that a general target may have, too; all others are of the nginx preset. */
const SHARED = [
  "containers",
  "keepBlankLines",
  "interval",
  "reloadEvery",
  "wait",
  "check",
  "reload",
  "onFailure",
  "transaction",
];
const WITH_FORMAT = [...Object.keys(fileKeys), ...Object.keys(generalKeys), ...SHARED];

/** A key that does not go with the kind of its target. */
export interface Misplaced {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** What the text of a valid configuration says that has no meaning beside `format`, or without it. */
export function misplacedKeys(document: unknown): Misplaced[] {
  const { targets } = document as { targets: Record<string, unknown>[] };
  return targets.flatMap((target, index) => {
    const at = ["targets", index];
    const idle =
      "reloadEvery" in target && target["reload"] === "none" && target["destination"] !== "-"
        ? [{ path: [...at, "reloadEvery"], message: "means nothing where `reload` is none" }]
        : [];
    return [...idle, ...("format" in target ? besideFormat(target, at) : withoutFormat(target, at))];
  });
}

function besideFormat(target: Record<string, unknown>, at: (string | number)[]): Misplaced[] {
  return Object.keys(target)
    .filter((key) => !WITH_FORMAT.includes(key))
    .map((key) => ({ path: [...at, key], message: adviceFor(key) }));
}

function adviceFor(key: string): string {
  if (key === "onlyExposed") return "stands inside `containers` where there is `format`";
  return "is for the nginx preset and means nothing beside `format`: leave one of both out";
}

function withoutFormat(target: Record<string, unknown>, at: (string | number)[]): Misplaced[] {
  const { template, containers } = target;
  const inside = Object.keys(containers ?? {}).filter((key) => key === "onlyExposed" || key === "includeStopped");
  return [
    ...("includes" in target ? [{ path: [...at, "includes"], message: "only with `format`" }] : []),
    ...(Array.isArray(template) && template.length > 1
      ? [{ path: [...at, "template"], message: "several templates only with `format`" }]
      : []),
    ...inside.map((key) => ({ path: [...at, "containers", key], message: INSIDE_PRESET[key] ?? "" })),
  ];
}

const INSIDE_PRESET: Readonly<Record<string, string>> = {
  onlyExposed: "stands beside `containers`, not inside, where there is no `format`",
  includeStopped: "only with `format`: a stopped container has no route",
};
