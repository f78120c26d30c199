import { resolve } from "node:path";
import type { readText } from "../../disk/read-text.ts";
import type { FormatName } from "../../template/formats/format-table.ts";
import { differs, type Note, skipped } from "../note.ts";
import { importContainers } from "./containers.ts";
import { importFormat } from "./format.ts";
import type { Generation } from "./generation.ts";
import { type ImportedNotify, importNotify } from "./notify.ts";
import { namesInTemplate, type NamesOfPolicy } from "./policy.ts";
import { importTemplates, SHIPPED_TEMPLATE } from "./templates.ts";
import { importWait } from "./wait.ts";

/** Sallyport's longest `interval`, in seconds. */
const MAX_INTERVAL_S = 86_400;

/** One target as the configuration file has it. */
export interface ImportedTarget {
  readonly source: string;
  readonly target: Readonly<Record<string, unknown>> & { readonly destination: string };
  /** Whether docker-gen prints the file to standard output, and whether it exits after one run. */
  readonly mode: { readonly isPrinted: boolean; readonly isOnce: boolean };
  readonly proxy: ImportedNotify["proxy"];
  readonly notes: readonly Note[];
  readonly names: readonly NamesOfPolicy[];
}

export interface ImportContext {
  readonly directory: string;
  readonly read: typeof readText;
}

/** Imports one file that docker-gen generates. `format` is the operator's choice. */
export function importTarget(
  generation: Generation,
  { directory, read }: ImportContext,
  format?: string,
): ImportedTarget {
  const { source, dest, interval, watch, template, keepBlankLines } = generation;
  const { kind, paths, notes } = importTemplates(template, directory, read);
  const chosen = kind === "nginx" ? noFormat(format) : importFormat(format, dest, paths[0]);
  const containers = importContainers(generation, kind);
  const wait = importWait(generation.wait, watch);
  const { reload, proxy, notes: reloadNotes } = importNotify(generation, chosen.format);
  return {
    source,
    target: {
      template: paths.length === 1 ? paths[0] : paths,
      destination: dest === "" ? "-" : resolve(directory, dest),
      ...(chosen.format === undefined ? {} : { format: chosen.format }),
      ...containers.keys,
      ...(keepBlankLines || paths[0] === SHIPPED_TEMPLATE ? {} : { keepBlankLines: false }),
      ...intervalOf(interval, reload !== "none" || dest === ""),
      ...(wait.wait === undefined ? {} : { wait: wait.wait }),
      reload,
    },
    mode: { isPrinted: dest === "", isOnce: !watch && interval <= 0 },
    proxy,
    names: [
      ...(kind === "nginx" ? [] : [...template.split(";"), ...paths])
        .map((file) => read(resolve(directory, file)))
        .map((found) => namesInTemplate("text" in found ? found.text : "")),
      { labels: (generation.containerFilter["label"] ?? []).map((one) => one.split("=")[0]!), env: [] },
    ],
    notes: [
      ...notes,
      ...chosen.notes,
      ...aboutOutput(generation, reload !== "none"),
      ...aboutRuns(generation),
      ...containers.notes,
      ...wait.notes,
      ...reloadNotes,
    ],
  };
}

function noFormat(format: string | undefined): { readonly format?: FormatName; readonly notes: readonly Note[] } {
  return { notes: format === undefined ? [] : [skipped("--format: the template is for an nginx target", "template")] };
}

/** docker-gen prints and notifies at each interval, also without a change. */
function intervalOf(seconds: number, reloads: boolean): object {
  if (seconds <= 0) return {};
  const interval = `${Math.min(seconds, MAX_INTERVAL_S)}s`;
  return { interval, ...(reloads ? { reloadEvery: interval } : {}) };
}

function aboutOutput({ dest, watch, interval }: Generation, reloads: boolean): Note[] {
  if (dest !== "" || watch || interval > 0) return [];
  return [
    differs("docker-gen prints to standard output, as `sallyport-renderer render` does", "destination"),
    ...(reloads ? [skipped("nothing is reloaded if the file is printed once", "destination")] : []),
  ];
}

function aboutRuns({ watch, interval }: Generation): Note[] {
  if (interval > MAX_INTERVAL_S) {
    return [differs(`docker-gen renders every ${interval} s; Sallyport's longest interval is a day`, "interval")];
  }
  if (watch) return interval < 0 ? [NEGATIVE_INTERVAL] : [];
  if (interval > 0) return [differs("docker-gen renders only at intervals; Sallyport also follows events", "interval")];
  const once = differs("docker-gen renders once and exits, as `sallyport-renderer run --once` does");
  return [...(interval < 0 ? [NEGATIVE_INTERVAL] : []), once];
}

const NEGATIVE_INTERVAL = skipped("the interval is negative: docker-gen crashes");
