import type { Journal } from "./journal.ts";
import type { RenderedFile } from "./rendered-file.ts";
import type { Volume } from "./volume.ts";

/** One of the files that were being published when the process was killed. */
interface Found {
  readonly volume: Volume;
  /** SHA-256 of the new content. */
  readonly hash: string;
  readonly live: RenderedFile | undefined;
}

/**
 * Repairs a group of files after a crash between two swaps: all return to their last good content or, if one has none, all
 * get the new content. Returns what was done, or undefined. Throws WriteError.
 */
export async function recoverTogether(
  volumes: readonly Volume[],
  journal: Journal,
): Promise<"confirmed" | "rolled-back" | "completed" | undefined> {
  const entry = journal.read();
  if (!entry) return undefined;
  const found = volumes.flatMap((volume): Found[] => {
    const hash = entry.texts[volume.live];
    return hash === undefined ? [] : [{ volume, hash, live: volume.readLive() }];
  });
  if (entry.isConfirmed) return await confirm(found, journal);
  // All files are swapped, or none is: the next pass continues from there.
  if (new Set(found.map(stateOf)).size < 2) return undefined;
  const action = (await rollBack(found)) ? "rolled-back" : await complete(found);
  journal.end();
  return action;
}

async function confirm(found: readonly Found[], journal: Journal): Promise<"confirmed"> {
  for (const { volume, hash, live } of found) {
    if (live?.hash === hash && volume.readState().confirmed !== hash) await volume.confirm(live);
  }
  journal.end();
  return "confirmed";
}

/** Returns false if a file has no last good content. */
async function rollBack(found: readonly Found[]): Promise<boolean> {
  const goods = found.map(({ volume }) => volume.readLastGood());
  if (goods.includes(undefined)) return false;
  for (const [index, { volume, live }] of found.entries()) {
    const good = goods[index]!;
    if (!good.equals(live)) await volume.writeLive(good);
    // A server may have read the file in between, so it is reloaded.
    await volume.unconfirm();
  }
  return true;
}

/** The candidates were on disk before the first swap. */
async function complete(found: readonly Found[]): Promise<"completed"> {
  for (const one of found) {
    const candidate = isSwapped(one) ? undefined : one.volume.readCandidate();
    if (candidate?.hash === one.hash) await one.volume.promote(candidate);
  }
  return "completed";
}

/** The same for all files of one revision. */
function stateOf(one: Found): "swapped" | "good" | "before" {
  if (isSwapped(one)) return "swapped";
  return one.live && one.volume.readLastGood()?.equals(one.live) ? "good" : "before";
}

function isSwapped({ live, hash }: Found): boolean {
  return live?.hash === hash;
}
