import * as z from "zod";

const Filters = z.record(z.string(), z.array(z.string())).default({});
/** docker-gen's KEY=VALUE filters: values by key. */
export type Filters = z.infer<typeof Filters>;

const text = z.string().default("");
const flag = z.boolean().default(false);

/** One file that docker-gen generates. The fields, in any case, are the keys of its configuration file. */
export const Generation = z.object({
  template: text,
  /** Empty: standard output. */
  dest: text,
  watch: flag,
  wait: text,
  /** Seconds; 0 is never. */
  interval: z.int().default(0),
  keepBlankLines: flag,
  onlyExposed: flag,
  onlyPublished: flag,
  includeStopped: flag,
  containerFilter: Filters,
  notifyCmd: text,
  notifyOutput: flag,
  /** Signal number by container; -1 restarts. */
  notifyContainers: z.record(z.string(), z.int()).default({}),
  notifyContainersFilter: Filters,
  notifyContainersSignal: z.int().default(1),
});

/** `source`: the command line, or a place in a file. */
export type Generation = z.infer<typeof Generation> & { readonly source: string };

/** Groups KEY=VALUE texts by key. Ignores texts without `=`, as docker-gen does. */
export function groupPairs(texts: readonly string[]): Filters {
  const filters = new Map<string, string[]>();
  for (const [key, value] of texts.map(splitPair)) {
    if (value !== undefined) filters.set(key, [...(filters.get(key) ?? []), value]);
  }
  return Object.fromEntries(filters);
}

/** Splits at the first `=`. The value is undefined without one. */
export function splitPair(pair: string): readonly [key: string, value: string | undefined] {
  const at = pair.indexOf("=");
  return at < 0 ? [pair, undefined] : [pair.slice(0, at), pair.slice(at + 1)];
}
