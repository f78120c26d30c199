import { checkTogether, tellFor } from "./candidates.ts";
import { openPart, type Part } from "./destination.ts";
import type { Journal } from "./journal.ts";
import { placeTogether, takeUpTogether } from "./take-up.ts";

/** How one attempt to publish ended. In every case what is live is a configuration that works. */
export type Outcome =
  | { readonly kind: "unchanged" }
  /** The generation of each part; undefined where it was live already. */
  | { readonly kind: "published"; readonly generations: readonly (number | undefined)[] }
  /** Refused: by a check, or by a server that did not take it up. What was live before is live. */
  | { readonly kind: "refused"; readonly message: string; readonly by: "check" | "server" }
  /** A server cannot be reached. `isLive` says whether the texts wait in place or as candidates. */
  | { readonly kind: "pending"; readonly message: string; readonly isLive: boolean };

/**
 * Stage, check, put into place, reload, remember: each for all parts before the next for any, so that all become live
 * or none. Throws WriteError when a volume fails; what was live is live then. With a journal that holds across a crash,
 * too: a single file needs none.
 */
export async function publish(parts: readonly Part[], journal?: Journal): Promise<Outcome> {
  const tell = tellFor(parts);
  const open = parts.flatMap((part) => openPart(part) ?? []);
  if (open.length === 0) {
    journal?.end();
    return { kind: "unchanged" };
  }
  const changed = open.filter(({ isLive }) => !isLive);
  const checked = await checkTogether(changed, tell);
  if (checked.kind === "rejected") {
    for (const { volume } of changed) await volume.reject();
    return { kind: "refused", message: checked.message, by: "check" };
  }
  if (checked.kind === "unavailable") return { kind: "pending", message: checked.message, isLive: false };
  await journal?.begin(open);
  await placeTogether(open);
  const taken = await takeUpTogether(open, checked.kind === "ok", tell);
  if (taken !== undefined) {
    journal?.end();
    return taken;
  }
  await journal?.confirm(open);
  for (const { volume, wanted } of open) await volume.remember(wanted);
  journal?.end();
  return { kind: "published", generations: parts.map(generationOf(open)) };
}

function generationOf(open: readonly Part[]): (part: Part) => number | undefined {
  const published = new Set(open.map(({ volume }) => volume));
  return ({ volume }) => (published.has(volume) ? volume.readState().generation : undefined);
}
