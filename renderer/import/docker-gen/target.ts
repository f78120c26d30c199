import { resolve } from "node:path";
import type { FormatName } from "../../template/formats/format-table.ts";
import { importContainers } from "./containers.ts";
import { importFormat } from "./format.ts";
import type { Generation } from "./generation.ts";
import { importWait } from "./go-wait.ts";
import { differs, leftOut, type Note } from "./note.ts";
import { importNotify, type ImportedNotify } from "./notify.ts";
import type { ReadText } from "./read-text.ts";
import { importTemplates, SHIPPED_TEMPLATE } from "./templates.ts";

/** Our longest `interval`, in seconds. */
const MAX_INTERVAL_S = 86_400;

/** One target as our configuration writes it. */
export interface ImportedTarget {
  readonly from: string;
  readonly target: Readonly<Record<string, unknown>> & { readonly destination: string };
  /** How docker-gen would go about it: print instead of keeping a file, do it once and end. */
  readonly way: { readonly isPrinted: boolean; readonly isOnce: boolean };
  readonly proxy: ImportedNotify["proxy"];
  readonly notes: readonly Note[];
}

/** What a target is made in. */
export interface Surroundings {
  /** Relative paths count from here. */
  readonly directory: string;
  readonly read: ReadText;
  /** The format that somebody said. */
  readonly format: string | undefined;
}

/** What docker-gen generates, as a target of ours: nginx's routes, or any file over containers. */
export function importTarget(generation: Generation, { directory, read, format: said }: Surroundings): ImportedTarget {
  const { from, dest, interval, watch } = generation;
  const { kind, paths, notes } = importTemplates(generation.template, directory, read);
  const format = kind === "routes" ? withoutFormat(said) : importFormat(said, dest, paths[0]);
  const containers = importContainers(generation, format.format !== undefined);
  const wait = importWait(generation.wait, watch);
  const notify = importNotify(generation, format.format);
  const { reload } = notify;
  return {
    from,
    target: {
      template: paths.length === 1 ? paths[0] : paths,
      destination: dest === "" ? "-" : resolve(directory, dest),
      ...(format.format === undefined ? {} : { format: format.format }),
      ...containers.keys,
      ...(generation.keepBlankLines || paths[0] === SHIPPED_TEMPLATE ? {} : { keepBlankLines: false }),
      ...intervalOf(interval, reload !== "none" || dest === ""),
      ...(wait.wait === undefined ? {} : { wait: wait.wait }),
      reload,
    },
    way: { isPrinted: dest === "", isOnce: !watch && interval <= 0 },
    proxy: notify.proxy,
    notes: [
      ...notes,
      ...format.notes,
      ...aboutOutput(generation, reload !== "none"),
      ...aboutRuns(generation),
      ...containers.notes,
      ...wait.notes,
      ...notify.notes,
    ],
  };
}

function withoutFormat(said: string | undefined): { readonly format?: FormatName; readonly notes: readonly Note[] } {
  const why = "the template prints nginx's routes, which have no other format";
  return { notes: said === undefined ? [] : [leftOut(`--format: ${why}`, "template")] };
}

/** docker-gen notifies and prints each time, whether something changed or not. */
function intervalOf(interval: number, isTold: boolean): object {
  if (interval <= 0) return {};
  const every = `${Math.min(interval, MAX_INTERVAL_S)}s`;
  return { interval: every, ...(isTold ? { reloadEvery: every } : {}) };
}

function aboutOutput({ dest, watch, interval }: Generation, notifies: boolean): Note[] {
  if (dest !== "" || watch || interval > 0) return [];
  const told = leftOut("nobody is told of what is printed once", "destination");
  const once = differs("docker-gen would print to standard output, as `sallyport-renderer render` does", "destination");
  return [once, ...(notifies ? [told] : [])];
}

function aboutRuns({ watch, interval }: Generation): Note[] {
  if (interval > MAX_INTERVAL_S)
    return [differs(`docker-gen would look every ${interval} s; here it is a day`, "interval")];
  if (interval > 0) {
    return watch
      ? []
      : [differs("docker-gen would look at intervals alone; here events are followed, too", "interval")];
  }
  const negative = interval < 0 ? [leftOut(`interval ${interval}: docker-gen would crash`)] : [];
  const once = watch
    ? []
    : [differs("docker-gen would generate once and end, as `sallyport-renderer run --once` does")];
  return [...negative, ...once];
}
