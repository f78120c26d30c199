import { Container } from "../../../shared/snapshot.ts";
import type { Filters } from "./generation.ts";
import { PortRange } from "../../select/port-range.ts";
import { differs, leftOut, type Note, quoted } from "./note.ts";

/** What of Docker's filters can be said here: predicates to write down, and narrowing to ports. */
export interface ImportedFilters {
  readonly where: readonly Readonly<Record<string, string | readonly string[]>>[];
  readonly onlyExposed: boolean;
  readonly onlyPublished: boolean;
  readonly notes: readonly Note[];
}

type Predicates = ImportedFilters["where"];

/** One filter with all its values: predicates, or why there are none. */
type Translated = { readonly where: Predicates; readonly notes?: readonly Note[] } | { readonly why: string };

/** Docker's container filters as predicates. Values of one key are alternatives, but labels must all be there. */
export function importFilters(filters: Filters): ImportedFilters {
  const where: Predicates[number][] = [];
  const notes: Note[] = [];
  for (const [key, values] of Object.entries(filters)) {
    if ((key === "expose" || key === "publish") && values.some(isEveryPort)) continue;
    const translate = Object.hasOwn(translations, key) ? translations[key]! : () => ({ why: whyNot(key) });
    const translated = translate(values);
    if ("why" in translated) {
      notes.push(leftOut(`container filter ${key}=${values.map(quoted).join(", ")}: ${translated.why}`, "containers"));
      continue;
    }
    where.push(...translated.where);
    notes.push(...(translated.notes ?? []));
  }
  const narrows = (key: string): boolean => filters[key]?.some(isEveryPort) ?? false;
  return { where, onlyExposed: narrows("expose"), onlyPublished: narrows("publish"), notes };
}

function isEveryPort(value: string): boolean {
  return /^1-65535(\/tcp)?$/.test(value);
}

const translations: Readonly<Record<string, (values: readonly string[]) => Translated>> = {
  label: (values) =>
    values.some((value) => /\*/.test(value) || /^(=|$)/.test(value))
      ? { why: "a label's key or value with a * cannot be named" }
      : {
          where: values.map((value) => ({ label: value })),
          notes: [differs("labels are seen where the agent's policy discloses them (--policy)", "containers")],
        },
  name: (values) => {
    const patterns = values.map(namePattern);
    if (patterns.includes(undefined)) return { why: "regular expressions are not possible, only a part of a name" };
    return { where: [{ name: one(patterns as string[]) }] };
  },
  id: (values) =>
    values.every((value) => /^\^?[0-9a-f]{12,64}$/.test(value))
      ? { where: [{ id: one(values.map((value) => value.replace("^", ""))) }] }
      : { why: "an id needs its first 12 digits" },
  network: (values) =>
    values.some((value) => /^[0-9a-f]{12,64}$/.test(value) || value.includes("*") || value === "")
      ? { why: "a network is known by its name" }
      : { where: [{ network: one(values) }] },
  health: (values) => words("health", Container.shape.health.options, values),
  status: (values) => words("state", Container.shape.state.options, values),
  expose: (values) => ports("exposes", values),
  publish: (values) => ports("publishes", values),
  ancestor: (values) =>
    values.some((value) => /[*@]|^(sha256:)?[0-9a-f]{12,64}$|^$/.test(value))
      ? { why: "an image is known by its name" }
      : {
          where: [{ image: one(values.flatMap(imageNames)) }],
          notes: [
            differs("an image built from this one is another; the agent's policy needs the field image", "containers"),
          ],
        },
};

function words(field: string, known: readonly string[], values: readonly string[]): Translated {
  const unknown = values.find((value) => !known.includes(value));
  return unknown === undefined ? { where: [{ [field]: one(values) }] } : { why: `${quoted(unknown)} is no ${field}` };
}

/** Docker's own way of writing ports, of which `8080-` and `80/` are none. */
function ports(field: string, values: readonly string[]): Translated {
  const wrong = values.find((value) => !PortRange.safeParse(value).success);
  return wrong === undefined ? { where: [{ [field]: one(values) }] } : { why: `${quoted(wrong)} is no port` };
}

/** Docker looks for a regular expression anywhere in the name; only what is a plain text in it can be said. */
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

function whyNot(key: string): string {
  if (key === "exposed" || key === "published") return "Docker knows no such filter, only expose and publish";
  return "has no equivalent";
}
