import type { Log } from "../../shared/log.ts";
import type { Destination } from "./destination.ts";
import type { Journal } from "./journal.ts";
import { recoverTogether } from "./recovery.ts";
import type { RevisionSource } from "./revision.ts";

/** What is needed before the first inventory arrives. */
export interface Preparation {
  readonly destinations: readonly Destination[];
  readonly source: RevisionSource;
  readonly journal?: Journal;
  readonly log: Log;
}

/** Repairs what a killed process left, and logs it. Throws WriteError. */
export async function recover({ destinations, journal, log }: Preparation): Promise<void> {
  const volumes = destinations.map(({ volume }) => volume);
  for (const volume of volumes) {
    if (await volume.recover()) log("warn", "publish.recovered", { path: volume.live, action: "restored" });
  }
  const action = journal && (await recoverTogether(volumes, journal));
  if (action === undefined) return;
  log("warn", "publish.recovered", { path: volumes.map(({ live }) => live).join(" "), action });
}

/**
 * Writes a file without any container to each destination that has none, so that servers can start. Returns the
 * destinations' indexes, or why the files cannot be rendered. Throws WriteError.
 */
export async function writeInitialFiles({
  destinations,
  source,
}: Preparation): Promise<readonly number[] | { readonly error: string }> {
  const missing = [...destinations.keys()].filter((index) => destinations[index]?.volume.readLive() === undefined);
  if (missing.length === 0) return [];
  const initial = await source.initial();
  if (initial.kind === "failed") return initial;
  for (const index of missing) await destinations[index]?.volume.writeLive(initial.files[index]!);
  return missing;
}
