import { checkTogether, tellFor } from "../publish/candidates.ts";
import type { Destination, Part } from "../publish/destination.ts";
import type { Journal } from "../publish/journal.ts";
import type { Edition } from "../publish/edition.ts";
import type { RenderedFile } from "../publish/rendered-file.ts";
import { type Outcome, publish } from "../publish/publication.ts";
import { isBlocked } from "./source.ts";

/** What was to be published in the end, and how that went. */
export interface Attempted {
  readonly edition: Edition;
  readonly outcome: Outcome;
}

/**
 * Publishes; when a check or a server refuses a text, once more without those that it is refused for. Servers of `toTell` are told
 * although they have the text.
 */
export async function publishOrReduce(
  edition: Edition,
  destinations: readonly Destination[],
  toTell: ReadonlySet<Destination>,
  journal?: Journal,
): Promise<Attempted> {
  const parts = partsOf(destinations, edition.texts).map((part, index) => ({
    ...part,
    again: toTell.has(destinations[index]!),
  }));
  const outcome = await publish(parts, journal);
  if (outcome.kind !== "refused") return { edition, outcome };
  const less =
    outcome.by === "check"
      ? await edition.reduce?.(async (texts) => await check(partsOf(destinations, texts)))
      : await edition.reduceLive?.(async (texts) => await take(partsOf(destinations, texts), journal));
  if (!less || isBlocked(less)) return { edition, outcome };
  return { edition: less, outcome: await publish(partsOf(destinations, less.texts), journal) };
}

function partsOf(destinations: readonly Destination[], texts: readonly RenderedFile[]): Part[] {
  return destinations.map((destination, index) => ({ ...destination, wanted: texts[index]! }));
}

async function take(parts: readonly Part[], journal: Journal | undefined): Promise<string | undefined> {
  const outcome = await publish(parts, journal);
  if (outcome.kind === "pending") throw new Error(outcome.message);
  return outcome.kind === "refused" ? outcome.message : undefined;
}

async function check(parts: readonly Part[]): Promise<string | undefined> {
  const verdict = await checkTogether(parts, tellFor(parts));
  if (verdict.kind === "unavailable") throw new Error(verdict.message);
  if (verdict.kind !== "rejected") return undefined;
  for (const { volume } of parts) volume.discard();
  return verdict.message;
}
