import { basename, resolve } from "node:path";
import { importFilters, type ImportedFilters } from "./filters.ts";
import type { Generation } from "./generation.ts";
import { importWait } from "./go-wait.ts";
import { differs, leftOut, type Note, quoted } from "./note.ts";
import { importNotify, type ImportedNotify } from "./notify.ts";

/** Template and destination of the stack in compose.yml. */
const SHIPPED_TEMPLATE = "/etc/sallyport/templates/nginx.conf.hbs";
const SHIPPED_DESTINATION = "/etc/nginx/conf.d/default.conf";

/** Our longest `interval`, in seconds. */
const MAX_INTERVAL_S = 86_400;

/** One target as our configuration writes it. */
export interface ImportedTarget {
  readonly from: string;
  readonly target: Readonly<Record<string, unknown>> & { readonly destination: string };
  /** How docker-gen would go about it. When it would print, the destination is one that stands for none. */
  readonly way: { readonly isPrinted: boolean; readonly isOnce: boolean };
  readonly proxy: ImportedNotify["proxy"];
  readonly notes: readonly Note[];
}

/** What docker-gen generates, as a target of ours. Relative paths count from `directory`. */
export function importTarget(generation: Generation, directory: string): ImportedTarget {
  const { from, dest, interval, watch } = generation;
  const template = templateOf(generation.template, directory);
  const filters = importFilters(generation.containerFilter);
  const { wait, notes: waitNotes } = importWait(generation.wait, watch);
  const { reload, proxy, notes: notifyNotes } = importNotify(generation);
  return {
    from,
    target: {
      template: template.path,
      destination: dest === "" ? SHIPPED_DESTINATION : resolve(directory, dest),
      ...containersOf(generation, filters),
      ...fileOf(generation, template.path),
      ...(wait === undefined ? {} : { wait }),
      reload,
    },
    way: { isPrinted: dest === "", isOnce: !watch && interval <= 0 },
    proxy,
    notes: [...template.notes, ...aboutGeneration(generation), ...filters.notes, ...waitNotes, ...notifyNotes],
  };
}

function containersOf({ onlyExposed, onlyPublished }: Generation, filters: ImportedFilters): object {
  const containers = {
    ...(onlyPublished || filters.onlyPublished ? { onlyPublished: true } : {}),
    ...(filters.where.length > 0 ? { where: filters.where } : {}),
  };
  return {
    onlyExposed: onlyExposed || filters.onlyExposed,
    ...(Object.keys(containers).length > 0 ? { containers } : {}),
  };
}

function fileOf({ keepBlankLines, interval }: Generation, template: string): object {
  return {
    ...(keepBlankLines || template === SHIPPED_TEMPLATE ? {} : { keepBlankLines: false }),
    ...(interval > 0 ? { interval: `${Math.min(interval, MAX_INTERVAL_S)}s` } : {}),
  };
}

function templateOf(templates: string, directory: string): { path: string; notes: Note[] } {
  const [first = "", ...more] = templates.split(";");
  const notes = more.map((name) => leftOut(`template ${quoted(name)}: a target has one template`, "template"));
  if (first === "") {
    const note = leftOut("no template is named, and docker-gen would end there; ours is used", "template");
    return { path: SHIPPED_TEMPLATE, notes: [note, ...notes] };
  }
  if (first.endsWith(".hbs")) return { path: resolve(directory, first), notes };
  if (basename(first) === "nginx.tmpl") {
    const note = differs(
      `${quoted(first)} is a Go template; the nginx template shipped here takes its place`,
      "template",
    );
    return { path: SHIPPED_TEMPLATE, notes: [note, ...notes] };
  }
  const path = resolve(directory, first.replace(/\.(tmpl|tpl|gotmpl|template)$/, "") + ".hbs");
  const note = leftOut(
    `${quoted(first)} is a Go template: write it anew for Handlebars, at the path below`,
    "template",
  );
  return { path, notes: [note, ...notes] };
}

function aboutGeneration(generation: Generation): Note[] {
  return [...aboutOutput(generation), ...aboutRuns(generation), ...aboutContainers(generation)];
}

function aboutOutput({ dest, watch, interval }: Generation): Note[] {
  if (dest !== "") return [];
  return watch || interval > 0
    ? [leftOut("docker-gen would print to standard output again and again; here a file is needed", "destination")]
    : [differs("docker-gen would print to standard output, as `sallyport-renderer render` does", "destination")];
}

function aboutRuns({ watch, interval }: Generation): Note[] {
  if (interval > 0) {
    const often = `every ${interval} s docker-gen would generate, and notify even when nothing changed; here events are `;
    return [leftOut(`${often}followed, the file is looked at as often, and only a change is told`, "interval")];
  }
  const negative = interval < 0 ? [leftOut(`interval ${interval}: docker-gen would crash`)] : [];
  const once = watch
    ? []
    : [differs("docker-gen would generate once and end, as `sallyport-renderer run --once` does")];
  return [...negative, ...once];
}

function aboutContainers({ from, includeStopped, containerFilter }: Generation): Note[] {
  const seesStopped = includeStopped || (from !== "the command line" && !Object.hasOwn(containerFilter, "status"));
  const stopped = includeStopped
    ? leftOut("a stopped container has no route, so it cannot be included", "containers")
    : differs("docker-gen includes stopped containers when it reads a file; here they have no route", "containers");
  return seesStopped ? [stopped] : [];
}
