import { checkTogether, tellFor } from "./candidates.ts";
import type { Destination, Part } from "./destination.ts";
import type { Journal } from "./journal.ts";
import type { Edition } from "./edition.ts";
import type { Printed } from "./printed.ts";
import { type Outcome, publish } from "./publication.ts";
import { isHold } from "./source.ts";

/** What was to be published in the end, and how that went. */
export interface Attempted {
  readonly edition: Edition;
  readonly outcome: Outcome;
}

/**
 * Publishes; when a check refuses a text, once more without those that it is refused for. Servers of `toTell` are told
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
  if (outcome.kind !== "refused" || outcome.by !== "check") return { edition, outcome };
  const less = await edition.reduce?.(async (texts) => await check(partsOf(destinations, texts)));
  if (!less || isHold(less)) return { edition, outcome };
  return { edition: less, outcome: await publish(partsOf(destinations, less.texts), journal) };
}

function partsOf(destinations: readonly Destination[], texts: readonly Printed[]): Part[] {
  return destinations.map((destination, index) => ({ ...destination, wanted: texts[index]! }));
}

async function check(parts: readonly Part[]): Promise<string | undefined> {
  const verdict = await checkTogether(parts, tellFor(parts));
  if (verdict.kind === "unavailable") throw new Error(verdict.message);
  if (verdict.kind !== "rejected") return undefined;
  for (const { volume } of parts) volume.discard();
  return verdict.message;
}
