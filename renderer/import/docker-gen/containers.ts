import { STOPPED } from "../../select/select.ts";
import { differs, type Note, skipped } from "../note.ts";
import { importFilters } from "./filters.ts";
import type { Generation } from "./generation.ts";

export interface ImportedContainers {
  readonly keys: object;
  readonly notes: readonly Note[];
}

/** Imports docker-gen's choice of containers for an nginx target or a template target. */
export function importContainers(generation: Generation, kind: "nginx" | "template"): ImportedContainers {
  const filters = importFilters(generation.containerFilter);
  const onlyExposed = generation.onlyExposed || filters.onlyExposed;
  const onlyPublished = generation.onlyPublished || filters.onlyPublished;
  if (kind === "nginx") {
    return {
      keys: { onlyExposed, ...containersKey({ onlyPublished, where: filters.where }) },
      notes: [...aboutStopped(generation), ...filters.notes],
    };
  }
  const states = statesOf(generation);
  const where = [...filters.where, ...(states === "running" ? [{ state: "running" }] : [])];
  const udp = differs("docker-gen requires a TCP port; Sallyport also accepts a UDP port", "containers");
  return {
    keys: containersKey({ onlyExposed, onlyPublished, includeStopped: states === "all", where }),
    notes: [...(onlyExposed || onlyPublished ? [udp] : []), ...filters.notes],
  };
}

/** `containers`, without keys that have their default. */
function containersKey({
  where,
  ...flags
}: Readonly<Record<string, boolean | readonly unknown[]>> & { where: readonly unknown[] }): object {
  const keys = [...Object.entries(flags).filter(([, value]) => value), ...(where.length > 0 ? [["where", where]] : [])];
  return keys.length > 0 ? { containers: Object.fromEntries(keys) as object } : {};
}

/**
 * Without a filter of states, docker-gen's command line takes only running containers, neither paused nor restarting ones,
 * and a file takes all. A filter of states replaces that.
 */
function statesOf({ source, includeStopped, containerFilter }: Generation): "running" | "all" | "as filtered" {
  const statuses = containerFilter["status"];
  if (statuses) return statuses.some((status) => (STOPPED as ReadonlySet<string>).has(status)) ? "all" : "as filtered";
  return includeStopped || source !== "the command line" ? "all" : "running";
}

function aboutStopped({ source, includeStopped, containerFilter }: Generation): Note[] {
  if (includeStopped) return [skipped("stopped containers cannot be included: they have no route", "containers")];
  if (source === "the command line" || Object.hasOwn(containerFilter, "status")) return [];
  const text = "docker-gen includes stopped containers when it reads a file; in Sallyport they have no route";
  return [differs(text, "containers")];
}
