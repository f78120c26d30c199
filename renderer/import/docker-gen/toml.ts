import { parse, TomlError } from "smol-toml";
import * as z from "zod";
import { nearest } from "../../../shared/nearest.ts";
import { differs, type Note, quoted, skipped } from "../note.ts";
import { DEFAULTS, type Generation } from "./generation.ts";
import { IGNORED_KEYS, type OptionKind, OPTIONS } from "./options.ts";

/** A generation of a file, and the notes about its keys. */
export interface FileEntry {
  readonly generation: Generation;
  readonly notes: readonly Note[];
}

/** What docker-gen decodes a key of each kind as. It exits at anything else. */
const SCHEMAS: Readonly<Record<OptionKind, z.ZodType>> = {
  bool: z.boolean(),
  text: z.string(),
  number: z.int(),
  list: z.record(z.string(), z.int()),
  pairs: z.record(z.string(), z.array(z.string())),
};

/** Parses a configuration file of docker-gen, or returns the problem. */
export function readToml(text: string, file: string): { entries: FileEntry[]; notes: Note[] } | { problem: string } {
  let table: Readonly<Record<string, unknown>>;
  try {
    table = parse(text, { integersAsBigInt: false });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    return { problem: `${file}:${error.line}:${error.column}: ${error.message.split("\n")[0]}` };
  }
  const isConfig = (key: string): boolean => key.toLowerCase() === "config";
  const entries = Object.entries(table).flatMap(([key, value]) =>
    isConfig(key) && Array.isArray(value) ? (value as unknown[]) : [],
  );
  const others = Object.keys(table).filter((key) => !isConfig(key));
  const notes = [
    ...others.map((key) => skipped(`${file}: unknown key ${quoted(key)}; docker-gen reads only [[config]]`)),
    ...(entries.length === 0 ? [skipped(`${file}: has no [[config]]`)] : []),
  ];
  return { entries: entries.map((entry, index) => readEntry(entry, `${file}, [[config]] ${index + 1}`)), notes };
}

function readEntry(entry: unknown, source: string): FileEntry {
  // The default of `NotifyContainersSignal` is 0, that of the flag is 1.
  const generation: Record<string, unknown> = { ...DEFAULTS, source, notifySignal: 0 };
  const notes: Note[] = [];
  for (const [name, value] of Object.entries(entry as object)) {
    const key = name.toLowerCase();
    const option = OPTIONS.find((one) => one.key === key);
    if (option?.field === undefined) notes.push(skipped(`${source}: unknown key ${quoted(name)}${hintFor(key)}`));
    else if (!SCHEMAS[option.kind].safeParse(value).success) {
      notes.push(skipped(`${source}: ${name} cannot be ${quoted(value)}`));
    } else {
      generation[option.field] = value;
      if (IGNORED_KEYS.has(key))
        notes.push(differs(`docker-gen ignores ${name} in files since 0.16; Sallyport does not`));
    }
  }
  return { generation: generation as unknown as Generation, notes };
}

function hintFor(key: string): string {
  const known = OPTIONS.flatMap((option) => option.key ?? []);
  const near = nearest(key, known);
  return near === undefined ? "; docker-gen ignores it" : ` (did you mean ${near}?); docker-gen ignores it`;
}
