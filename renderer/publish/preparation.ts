import type { Log } from "../../shared/log.ts";
import type { Destination } from "./destination.ts";
import type { Editions } from "./edition.ts";
import type { Journal } from "./journal.ts";
import { recoverTogether } from "./recovery.ts";

/** What a process has to know of the files that it is to keep before it knows anything else. */
export interface ToPrepare {
  readonly destinations: readonly Destination[];
  readonly editions: Editions;
  readonly journal?: Journal;
  readonly log: Log;
}

/** Puts right what a process that was killed left, and says so. Throws WriteError. */
export async function recover({ destinations, journal, log }: ToPrepare): Promise<void> {
  const volumes = destinations.map(({ volume }) => volume);
  for (const volume of volumes) {
    if (await volume.recover()) log("warn", "publish.restored", { destination: volume.live });
  }
  const ending = journal && (await recoverTogether(volumes, journal));
  if (ending === undefined) return;
  log("warn", `publish.${ending}`, { destinations: volumes.map(({ live }) => live).join(" ") });
}

/**
 * Puts a text without any container where there is none at all, so that servers can start. Gives where. Throws WriteError
 * and TemplateError.
 */
export async function standInNothing({ destinations, editions }: ToPrepare): Promise<number[]> {
  const missing = [...destinations.keys()].filter((index) => destinations[index]?.volume.readLive() === undefined);
  if (missing.length === 0) return [];
  const nothing = await editions.nothing();
  for (const index of missing) await destinations[index]?.volume.goLive(nothing[index]!);
  return missing;
}
