import type { Tell } from "./candidates.ts";
import { goodOf, type OpenPart } from "./destination.ts";
import type { Outcome } from "./publication.ts";

/**
 * Puts all candidates into place, or none: then all that are open are as they were last good, also those that waited for
 * their servers, for they belong together. Throws WriteError.
 */
export async function placeTogether(open: readonly OpenPart[]): Promise<void> {
  const changed = open.filter(({ isLive }) => !isLive);
  for (const [index, { volume, wanted }] of changed.entries()) {
    try {
      await volume.promote(wanted);
    } catch (error) {
      for (const part of changed) part.volume.discard();
      if (index > 0) await returnToGood(open).catch(() => undefined);
      if (index > 0) await forget(open);
      throw error;
    }
  }
}

/**
 * Reloads each server once; undefined when all have taken up what is live. Texts that turn out bad, or that nobody
 * checked before a server went away, give way to what was good. Throws WriteError.
 */
export async function takeUpTogether(
  open: readonly OpenPart[],
  isChecked: boolean,
  tell: Tell,
): Promise<Outcome | undefined> {
  const told: OpenPart[] = [];
  for (const part of open) {
    if (told.some(({ reload }) => reload === part.reload)) continue;
    const { kind, ...verdict } = await part.server.reload();
    const message = tell(part, "message" in verdict ? verdict.message : "");
    const knowing = "isPartial" in verdict ? [...told, part] : told;
    if (kind === "rejected") {
      await returnToGood(open, knowing);
      // Late, or never: what the server runs now is not known, so the next text is reloaded even if it is the last good.
      await forget(open);
      return { kind: "refused", message, by: "server" };
    }
    if (kind === "unavailable") {
      const isLive = isChecked || open.every((one) => goodOf(one) === undefined);
      if (!isLive) await returnToGood(open, knowing);
      // It may have been told of what waited for it before.
      if (!isLive) await forget(open);
      return { kind: "pending", message, isLive };
    }
    told.push(part);
  }
  return undefined;
}

/** What was good is live again everywhere, also in the servers that were told otherwise. Throws the first WriteError. */
async function returnToGood(parts: readonly OpenPart[], told: readonly OpenPart[] = []): Promise<void> {
  const failures: unknown[] = [];
  for (const part of parts) {
    const good = goodOf(part);
    if (good) await part.volume.goLive(good).catch((error: unknown) => failures.push(error));
  }
  for (const { server } of told) await server.reload();
  if (failures.length > 0) throw failures[0];
}

async function forget(parts: readonly OpenPart[]): Promise<void> {
  for (const { volume } of parts) await volume.forget();
}
