import { STOPPED } from "../../select/select.ts";
import { importFilters } from "./filters.ts";
import type { Generation } from "./generation.ts";
import { differs, leftOut, type Note } from "./note.ts";

/** Which containers, as keys of a target. */
export interface ImportedContainers {
  readonly keys: object;
  readonly notes: readonly Note[];
}

/** docker-gen's choice of containers, for a target over containers (`isGeneral`) or one over routes. */
export function importContainers(generation: Generation, isGeneral: boolean): ImportedContainers {
  const filters = importFilters(generation.containerFilter);
  const onlyExposed = generation.onlyExposed || filters.onlyExposed;
  const onlyPublished = generation.onlyPublished || filters.onlyPublished;
  const published = onlyPublished ? { onlyPublished } : {};
  if (!isGeneral) {
    const containers = { ...published, ...(filters.where.length > 0 ? { where: filters.where } : {}) };
    return {
      keys: { onlyExposed, ...unlessEmpty(containers) },
      notes: [...aboutStopped(generation), ...filters.notes],
    };
  }
  const stopped = seesStopped(generation);
  const where = [...filters.where, ...(stopped === "running" ? [{ state: "running" }] : [])];
  const containers = {
    ...(onlyExposed ? { onlyExposed } : {}),
    ...published,
    ...(stopped === "all" ? { includeStopped: true } : {}),
    ...(where.length > 0 ? { where } : {}),
  };
  const udp = differs("docker-gen asks for a TCP port; here one for UDP counts, too", "containers");
  return {
    keys: unlessEmpty(containers),
    notes: [...(onlyExposed || onlyPublished ? [udp] : []), ...filters.notes],
  };
}

function unlessEmpty(containers: object): object {
  return Object.keys(containers).length > 0 ? { containers } : {};
}

/**
 * Without a filter of states docker-gen's command line takes running containers alone, neither paused nor restarting ones,
 * and a file all of them. A filter of states counts instead.
 */
function seesStopped({ from, includeStopped, containerFilter }: Generation): "running" | "all" | "as filtered" {
  const statuses = containerFilter["status"];
  if (statuses) return statuses.some((status) => (STOPPED as ReadonlySet<string>).has(status)) ? "all" : "as filtered";
  return includeStopped || from !== "the command line" ? "all" : "running";
}

function aboutStopped({ from, includeStopped, containerFilter }: Generation): Note[] {
  const sees = includeStopped || (from !== "the command line" && !Object.hasOwn(containerFilter, "status"));
  const stopped = includeStopped
    ? leftOut("a stopped container has no route, so it cannot be included", "containers")
    : differs("docker-gen includes stopped containers when it reads a file; here they have no route", "containers");
  return sees ? [stopped] : [];
}
