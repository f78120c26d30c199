import { parse, TomlError } from "smol-toml";
import { nearest } from "../../../shared/nearest.ts";
import { differs, type Note, quoted, skipped } from "../note.ts";
import { Generation } from "./generation.ts";

/** A generation of a file, and the notes about its keys. */
export interface FileEntry {
  readonly generation: Generation;
  readonly notes: readonly Note[];
}

/** Fields by their keys in a file. docker-gen ignores the case of keys. */
const FIELDS = new Map(
  Object.entries(Generation.shape).map(([field, schema]) => [field.toLowerCase(), { field, schema }]),
);

/** Keys of a docker-gen file, in lower case. */
export const KEYS: readonly string[] = [...FIELDS.keys()];

/** Keys that docker-gen silently ignores. */
const IGNORED_KEYS: ReadonlySet<string> = new Set(["onlyexposed", "onlypublished", "includestopped"]);

/** Parses a configuration file of docker-gen, or returns the problem. */
export function readToml(text: string, file: string): { entries: FileEntry[]; notes: Note[] } | { problem: string } {
  let table: Readonly<Record<string, unknown>>;
  try {
    table = parse(text, { integersAsBigInt: false });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    return { problem: `${file}:${error.line}:${error.column}: ${error.message.split("\n")[0]}` };
  }
  const isConfig = ([key]: readonly [string, unknown]): boolean => key.toLowerCase() === "config";
  const pairs = Object.entries(table);
  const entries = pairs.filter(isConfig).flatMap(([, value]) => (Array.isArray(value) ? (value as unknown[]) : []));
  const notes = [
    ...pairs
      .filter((pair) => !isConfig(pair))
      .map(([key]) => skipped(`${file}: unknown key ${quoted(key)}; docker-gen reads only [[config]]`)),
    ...(entries.length === 0 ? [skipped(`${file}: has no [[config]]`)] : []),
  ];
  return { entries: entries.map((entry, index) => readEntry(entry, `${file}, [[config]] ${index + 1}`)), notes };
}

function readEntry(entry: unknown, source: string): FileEntry {
  // The default of `NotifyContainersSignal` is 0, that of the flag is 1.
  const given: Record<string, unknown> = { notifyContainersSignal: 0 };
  const notes: Note[] = [];
  for (const [name, value] of Object.entries(entry as object)) {
    const key = name.toLowerCase();
    const known = FIELDS.get(key);
    if (known === undefined) {
      const near = nearest(key, KEYS);
      const hint = near === undefined ? "" : ` (did you mean ${near}?)`;
      notes.push(skipped(`${source}: unknown key ${quoted(name)}${hint}; docker-gen ignores it`));
    } else if (!known.schema.safeParse(value).success) {
      notes.push(skipped(`${source}: ${name} cannot be ${quoted(value)}`));
    } else {
      given[known.field] = value;
      if (IGNORED_KEYS.has(key))
        notes.push(differs(`docker-gen ignores ${name} in files since 0.16; Sallyport does not`));
    }
  }
  return { generation: { ...Generation.parse(given), source }, notes };
}
