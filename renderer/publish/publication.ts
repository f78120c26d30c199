import { checkTogether, labelFor } from "./candidates.ts";
import { openPart, type Part } from "./destination.ts";
import type { Journal } from "./journal.ts";
import type { Outcome } from "./outcome.ts";
import { swapAll, reloadAll } from "./swap.ts";

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
  await swapAll(open);
  const taken = await reloadAll(open, checked.kind === "ok", label);
  if (taken !== undefined) {
    journal?.end();
    return taken;
  }
  await journal?.confirm(open);
  for (const { volume, wanted } of open) await volume.confirm(wanted);
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
