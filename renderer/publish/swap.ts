import type { Label } from "./candidates.ts";
import { goodOf, type OpenPart } from "./destination.ts";
import type { Outcome } from "./outcome.ts";

/**
 * Puts all candidates into place, or none. If one fails, all open parts return to their last good file, including those
 * whose server was pending, because they belong together. Throws WriteError.
 */
export async function swapAll(open: readonly OpenPart[]): Promise<void> {
  const changed = open.filter(({ isLive }) => !isLive);
  for (const [index, { volume, wanted }] of changed.entries()) {
    try {
      await volume.promote(wanted);
    } catch (error) {
      for (const part of changed) part.volume.discard();
      if (index > 0) await rollBack(open).catch(() => undefined);
      if (index > 0) await unconfirm(open);
      throw error;
    }
  }
}

/**
 * Reloads each server once, and none that an earlier attempt with the same files reloaded. Returns undefined if every server runs the live files. Files that a server rejects, or that
 * were not checked before a server became unreachable, are rolled back. Throws WriteError.
 */
export async function reloadAll(
  open: readonly OpenPart[],
  isChecked: boolean,
  label: Label,
): Promise<Outcome | undefined> {
  const reloaded: OpenPart[] = [];
  for (const part of open) {
    if (reloaded.some(({ reload }) => reload === part.reload)) continue;
    const served = open.filter(({ reload }) => reload === part.reload);
    if (served.every(({ volume, wanted, again }) => again === undefined && volume.loaded === wanted.hash)) {
      reloaded.push(part);
      continue;
    }
    const { kind, ...result } = await part.server.reload();
    const message = label(part, "message" in result ? result.message : "");
    const affected = "isPartial" in result ? [...reloaded, part] : reloaded;
    if (kind === "rejected") {
      await rollBack(open, affected);
      // It is unknown what the server runs now, so the next revision is reloaded even if it equals the last good one.
      await unconfirm(open);
      return { kind: "rejected", message, by: "reload" };
    }
    if (kind === "unavailable") {
      const isLive = isChecked || open.every((one) => goodOf(one) === undefined);
      if (!isLive) await rollBack(open, affected);
      // An earlier pending reload may have reached it.
      if (!isLive) await unconfirm(open);
      return { kind: "pending", message, isLive };
    }
    reloaded.push(part);
    for (const { volume, wanted } of served) volume.loaded = wanted.hash;
  }
  return undefined;
}

/** Restores the last good files, and reloads the servers that already run other ones. Throws the first WriteError. */
async function rollBack(parts: readonly OpenPart[], reloaded: readonly OpenPart[] = []): Promise<void> {
  const failures: unknown[] = [];
  for (const part of parts) {
    const good = goodOf(part);
    if (good) await part.volume.writeLive(good).catch((error: unknown) => failures.push(error));
  }
  for (const { server } of reloaded) await server.reload();
  if (failures.length > 0) throw failures[0];
}

async function unconfirm(parts: readonly OpenPart[]): Promise<void> {
  for (const { volume } of parts) await volume.unconfirm();
}
