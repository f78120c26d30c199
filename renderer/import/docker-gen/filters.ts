import { Container } from "../../../shared/snapshot.ts";
import { PortRange } from "../../select/port-range.ts";
import { differs, type Note, quoted, skipped } from "../note.ts";
import type { Filters } from "./generation.ts";

/** Docker's filters as predicates of `where`, and as flags of `containers`. */
export interface ImportedFilters {
  readonly where: readonly Readonly<Record<string, string | readonly string[]>>[];
  readonly onlyExposed: boolean;
  readonly onlyPublished: boolean;
  readonly notes: readonly Note[];
}

type Predicates = ImportedFilters["where"];

/** Predicates for all values of a filter, or why there is no equivalent. */
type Translated = { readonly where: Predicates; readonly notes?: readonly Note[] } | { readonly reason: string };

/** Translates Docker's container filters. Values of one key are alternatives, except that all labels must match. */
export function importFilters(filters: Filters): ImportedFilters {
  const where: Predicates[number][] = [];
  const notes: Note[] = [];
  for (const [key, values] of Object.entries(filters)) {
    if ((key === "expose" || key === "publish") && values.some(isEveryPort)) continue;
    const translate = Object.hasOwn(translations, key) ? translations[key]! : () => ({ reason: reasonFor(key) });
    const translated = translate(values);
    if ("reason" in translated) {
      notes.push(
        skipped(`container filter ${key}=${values.map(quoted).join(", ")}: ${translated.reason}`, "containers"),
      );
      continue;
    }
    where.push(...translated.where);
    notes.push(...(translated.notes ?? []));
  }
  const isSet = (key: string): boolean => filters[key]?.some(isEveryPort) ?? false;
  return { where, onlyExposed: isSet("expose"), onlyPublished: isSet("publish"), notes };
}

function isEveryPort(value: string): boolean {
  return /^1-65535(\/tcp)?$/.test(value);
}

const translations: Readonly<Record<string, (values: readonly string[]) => Translated>> = {
  label: (values) =>
    values.some((value) => /\*/.test(value) || /^(=|$)/.test(value))
      ? { reason: "a label with a * is not supported" }
      : {
          where: values.map((value) => ({ label: value })),
          notes: [differs("the agent's policy must disclose the label (--policy)", "containers")],
        },
  name: (values) => {
    const patterns = values.map(namePattern);
    if (patterns.includes(undefined)) return { reason: "regular expressions are not supported, only a part of a name" };
    return { where: [{ name: one(patterns as string[]) }] };
  },
  id: (values) =>
    values.every((value) => /^\^?[0-9a-f]{12,64}$/.test(value))
      ? { where: [{ id: one(values.map((value) => value.replace("^", ""))) }] }
      : { reason: "an ID needs its first 12 digits" },
  network: (values) =>
    values.some((value) => /^[0-9a-f]{12,64}$/.test(value) || value.includes("*") || value === "")
      ? { reason: "only names of networks are supported" }
      : { where: [{ network: one(values) }] },
  health: (values) => choices("health", Container.shape.health.options, values),
  status: (values) => choices("state", Container.shape.state.options, values),
  expose: (values) => ports("exposes", values),
  publish: (values) => ports("publishes", values),
  ancestor: (values) =>
    values.some((value) => /[*@]|^(sha256:)?[0-9a-f]{12,64}$|^$/.test(value))
      ? { reason: "only names of images are supported" }
      : {
          where: [{ image: one(values.flatMap(imageNames)) }],
          notes: [
            differs(
              "images built from this one do not match; the agent's policy must disclose the field `image`",
              "containers",
            ),
          ],
        },
};

function choices(field: string, known: readonly string[], values: readonly string[]): Translated {
  const unknown = values.find((value) => !known.includes(value));
  return unknown === undefined
    ? { where: [{ [field]: one(values) }] }
    : { reason: `${quoted(unknown)} is not a ${field}` };
}

/** Docker writes ports as Sallyport does, and rejects `8080-` and `80/`. */
function ports(field: string, values: readonly string[]): Translated {
  const wrong = values.find((value) => !PortRange.safeParse(value).success);
  return wrong === undefined ? { where: [{ [field]: one(values) }] } : { reason: `${quoted(wrong)} is not a port` };
}

/** Docker searches the name for a regular expression. Only plain text can be translated. */
function namePattern(value: string): string | undefined {
  const [, start, part, end] = /^(\^?\/?)([A-Za-z0-9_.-]+)(\$?)$/.exec(value) ?? [];
  return part === undefined ? undefined : `${start === "" ? "*" : ""}${part}${end === "" ? "*" : ""}`;
}

function imageNames(value: string): string[] {
  return /:[^/]+$/.test(value) ? [value] : [value, `${value}:latest`];
}

function one(values: readonly string[]): string | readonly string[] {
  return values.length === 1 ? values[0]! : values;
}

function reasonFor(key: string): string {
  if (key === "exposed" || key === "published") return "Docker has no such filter, only expose and publish";
  return "has no equivalent";
}
