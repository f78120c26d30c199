import type { Journal } from "./journal.ts";
import type { RenderedFile } from "./rendered-file.ts";
import type { Volume } from "./volume.ts";

/** One file of those that a process put into place when it was killed. */
interface Found {
  readonly volume: Volume;
  /** SHA-256 of what it was to become. */
  readonly hash: string;
  readonly live: RenderedFile | undefined;
}

/**
 * After a crash: files that belong together and of which some were put into place are all as they were last good, or,
 * where one has never been good, all as they were to become. Undefined when nothing had to be done. Throws WriteError.
 */
export async function recoverTogether(
  volumes: readonly Volume[],
  journal: Journal,
): Promise<"remembered" | "returned" | "completed" | undefined> {
  const entry = journal.read();
  if (!entry) return undefined;
  const found = volumes.flatMap((volume): Found[] => {
    const hash = entry.texts[volume.live];
    return hash === undefined ? [] : [{ volume, hash, live: volume.readLive() }];
  });
  if (entry.isConfirmed) return await remember(found, journal);
  // All of them wait for their servers, or none was touched: the next pass goes on from there.
  if (new Set(found.map(standing)).size < 2) return undefined;
  const ending = (await goBack(found)) ? "returned" : await goOn(found);
  journal.end();
  return ending;
}

async function remember(found: readonly Found[], journal: Journal): Promise<"remembered"> {
  for (const { volume, hash, live } of found) {
    if (live?.hash === hash && volume.readState().confirmed !== hash) await volume.remember(live);
  }
  journal.end();
  return "remembered";
}

/** False when one has never been good. */
async function goBack(found: readonly Found[]): Promise<boolean> {
  const goods = found.map(({ volume }) => volume.readLastGood());
  if (goods.includes(undefined)) return false;
  for (const [index, { volume, live }] of found.entries()) {
    const good = goods[index]!;
    if (!good.equals(live)) await volume.goLive(good);
    // Whoever read the file meanwhile is told to read it again.
    await volume.forget();
  }
  return true;
}

/** Their candidates were on disk before the first was put into place. */
async function goOn(found: readonly Found[]): Promise<"completed"> {
  for (const one of found) {
    const candidate = isPlaced(one) ? undefined : one.volume.readCandidate();
    if (candidate?.hash === one.hash) await one.volume.promote(candidate);
  }
  return "completed";
}

/** The same for files that are of one edition. */
function standing(one: Found): "placed" | "good" | "before" {
  if (isPlaced(one)) return "placed";
  return one.live && one.volume.readLastGood()?.equals(one.live) ? "good" : "before";
}

function isPlaced({ live, hash }: Found): boolean {
  return live?.hash === hash;
}
