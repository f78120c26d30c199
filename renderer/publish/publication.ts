import { checkTogether, labelFor } from "./candidates.ts";
import { openPart, type Part } from "./destination.ts";
import type { Journal } from "./journal.ts";
import { placeTogether, takeUpTogether } from "./take-up.ts";

/** How one attempt to publish ended. The live configuration works in every case. */
export type Outcome =
  | { readonly kind: "unchanged" }
  /** The generation of each part; undefined if it was already live. */
  | { readonly kind: "published"; readonly generations: readonly (number | undefined)[] }
  /** Rejected by a check, or by a server's reload. The previous files are live. */
  | { readonly kind: "rejected"; readonly message: string; readonly by: "check" | "reload" }
  /** A server cannot be reached. `isLive`: whether the files are already in place, or only candidates. */
  | { readonly kind: "pending"; readonly message: string; readonly isLive: boolean };

/**
 * Stages, checks, swaps, reloads and confirms files: each step for all parts before the next step, so that all become
 * live or none. With a journal this also holds across a crash; a single file needs none. Throws WriteError if a volume
 * fails; the previous files stay live.
 */
export async function publish(parts: readonly Part[], journal?: Journal): Promise<Outcome> {
  const label = labelFor(parts);
  const open = parts.flatMap((part) => openPart(part) ?? []);
  if (open.length === 0) {
    journal?.end();
    return { kind: "unchanged" };
  }
  const changed = open.filter(({ isLive }) => !isLive);
  const checked = await checkTogether(changed, label);
  if (checked.kind === "rejected") {
    for (const { volume } of changed) await volume.reject();
    return { kind: "rejected", message: checked.message, by: "check" };
  }
  if (checked.kind === "unavailable") return { kind: "pending", message: checked.message, isLive: false };
  await journal?.begin(open);
  await placeTogether(open);
  const taken = await takeUpTogether(open, checked.kind === "ok", label);
  if (taken !== undefined) {
    journal?.end();
    return taken;
  }
  await journal?.confirm(open);
  for (const { volume, wanted } of open) await volume.remember(wanted);
  journal?.end();
  return { kind: "published", generations: parts.map(generationOf(open)) };
}

/** Publishes files as a trial. Returns why they were rejected, or undefined. Throws if a server cannot be reached. */
export async function publishFiles(parts: readonly Part[], journal: Journal | undefined): Promise<string | undefined> {
  const outcome = await publish(parts, journal);
  if (outcome.kind === "pending") throw new Error(outcome.message);
  return outcome.kind === "rejected" ? outcome.message : undefined;
}

function generationOf(open: readonly Part[]): (part: Part) => number | undefined {
  const published = new Set(open.map(({ volume }) => volume));
  return ({ volume }) => (published.has(volume) ? volume.readState().generation : undefined);
}
