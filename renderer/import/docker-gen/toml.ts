import { parse, TomlError } from "smol-toml";
import * as z from "zod";
import { nearest } from "../../../shared/nearest.ts";
import { type Generation, NOTHING_TOLD } from "./generation.ts";
import { differs, leftOut, type Note, quoted } from "./note.ts";
import { DEAD_KEYS, OPTIONS } from "./options.ts";

/** A generation of a file, with what is to be said about its keys. */
export interface FileEntry {
  readonly generation: Generation;
  readonly notes: readonly Note[];
}

const filters = z.record(z.string(), z.array(z.string()));

/** What docker-gen decodes each key as; anything else ends it. */
const SCHEMAS: Readonly<Record<string, z.ZodType>> = {
  template: z.string(),
  dest: z.string(),
  watch: z.boolean(),
  wait: z.string(),
  interval: z.int(),
  keepblanklines: z.boolean(),
  onlyexposed: z.boolean(),
  onlypublished: z.boolean(),
  includestopped: z.boolean(),
  containerfilter: filters,
  notifycmd: z.string(),
  notifyoutput: z.boolean(),
  notifycontainers: z.record(z.string(), z.int()),
  notifycontainersfilter: filters,
  notifycontainerssignal: z.int(),
};

/** Entries of a docker-gen configuration file, or why it is none. Keys count whatever their case. */
export function readToml(text: string, file: string): { entries: FileEntry[]; notes: Note[] } | { problem: string } {
  let table: Readonly<Record<string, unknown>>;
  try {
    table = parse(text, { integersAsBigInt: false });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    return { problem: `${file}:${error.line}:${error.column}: ${error.message.split("\n")[0]}` };
  }
  const found = Object.entries(table).filter(([key]) => key.toLowerCase() === "config");
  const others = Object.keys(table).filter((key) => key.toLowerCase() !== "config");
  const entries = found.flatMap(([, value]) => (Array.isArray(value) ? (value as unknown[]) : []));
  const notes = [
    ...others.map((key) => leftOut(`${file}: ${quoted(key)} is not a key docker-gen knows, it reads only [[config]]`)),
    ...(entries.length === 0 ? [leftOut(`${file}: has no [[config]]`)] : []),
  ];
  return { entries: entries.map((entry, index) => readEntry(entry, `${file}, [[config]] ${index + 1}`)), notes };
}

function readEntry(entry: unknown, from: string): FileEntry {
  const values = new Map<string, unknown>();
  const notes: Note[] = [];
  for (const [name, value] of Object.entries(entry as object)) {
    const key = name.toLowerCase();
    const schema = Object.hasOwn(SCHEMAS, key) ? SCHEMAS[key] : undefined;
    if (schema === undefined) notes.push(leftOut(`${from}: ${quoted(name)}${adviceFor(key)}, docker-gen ignores it`));
    else if (!schema.safeParse(value).success) notes.push(leftOut(`${from}: ${name} cannot be ${quoted(value)}`));
    else values.set(key, value);
    if (DEAD_KEYS.has(key) && values.has(key)) {
      notes.push(differs(`docker-gen has ignored ${name} in files since 0.16; here it does what it says`));
    }
  }
  return { generation: generationOf(values, from), notes };
}

function adviceFor(key: string): string {
  const near = nearest(
    key,
    OPTIONS.flatMap((option) => option.key ?? []),
  );
  return ` is not a key it knows${near === undefined ? "" : ` (${near}?)`}`;
}

function generationOf(values: ReadonlyMap<string, unknown>, from: string): Generation {
  const get = <T>(key: string, otherwise: T): T => (values.has(key) ? (values.get(key) as T) : otherwise);
  return {
    from,
    template: get("template", NOTHING_TOLD.template),
    dest: get("dest", NOTHING_TOLD.dest),
    watch: get("watch", NOTHING_TOLD.watch),
    wait: get("wait", NOTHING_TOLD.wait),
    interval: get("interval", NOTHING_TOLD.interval),
    keepBlankLines: get("keepblanklines", NOTHING_TOLD.keepBlankLines),
    onlyExposed: get("onlyexposed", NOTHING_TOLD.onlyExposed),
    onlyPublished: get("onlypublished", NOTHING_TOLD.onlyPublished),
    includeStopped: get("includestopped", NOTHING_TOLD.includeStopped),
    containerFilter: get("containerfilter", NOTHING_TOLD.containerFilter),
    notifyCommand: get("notifycmd", NOTHING_TOLD.notifyCommand),
    notifyOutput: get("notifyoutput", NOTHING_TOLD.notifyOutput),
    notifyContainers: get("notifycontainers", NOTHING_TOLD.notifyContainers),
    notifyFilter: get("notifycontainersfilter", NOTHING_TOLD.notifyFilter),
    // The default of a file, where the command line's is 1.
    notifySignal: get("notifycontainerssignal", 0),
  };
}
