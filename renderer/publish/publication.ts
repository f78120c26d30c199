import type { ServerControl, Verdict } from "./server-control.ts";
import type { Printed, Volume } from "./volume.ts";

/** How one attempt to publish a text ended. In every case what is live is a configuration that works. */
export type Outcome =
  | { readonly kind: "unchanged" }
  | { readonly kind: "published"; readonly hash: string; readonly generation: number }
  /** Refused: by the check, or by a server that did not take it up. What was live before is live. */
  | { readonly kind: "refused"; readonly hash: string; readonly message: string }
  /** The server cannot be reached. `isLive` says whether the text waits in place or as a candidate. */
  | { readonly kind: "pending"; readonly message: string; readonly isLive: boolean };

/** Stage, check, put into place, reload, remember. Throws WriteError when the volume fails; live is untouched then. */
export async function publish(wanted: Printed, volume: Volume, server: ServerControl): Promise<Outcome> {
  const { text, hash } = wanted;
  const before = await volume.readLive();
  const { confirmed } = await volume.readState();
  if (before?.hash === hash)
    return confirmed === hash ? { kind: "unchanged" } : await takeUp(wanted, undefined, "ok", volume, server);
  await volume.stage(text);
  const checked = await server.check(volume.candidate);
  if (checked.kind === "rejected") {
    await volume.reject();
    return { kind: "refused", hash, message: checked.message };
  }
  if (checked.kind === "unavailable") return { kind: "pending", message: checked.message, isLive: false };
  const good = before?.hash === confirmed ? before.text : ((await volume.readLastGood()) ?? before?.text);
  await volume.promote(wanted);
  return await takeUp(wanted, good, checked.kind, volume, server);
}

/** Reloads; a text that turns out bad, or that nobody checked before the server went away, gives way to `good`. */
async function takeUp(
  wanted: Printed,
  good: string | undefined,
  checked: "ok" | "unchecked",
  volume: Volume,
  server: ServerControl,
): Promise<Outcome> {
  const { hash } = wanted;
  const { generation } = await volume.readState();
  const reloaded: Verdict = await server.reload();
  switch (reloaded.kind) {
    case "ok":
    case "unchecked":
      await volume.remember(wanted, generation + 1);
      return { kind: "published", hash, generation: generation + 1 };
    case "rejected": {
      const lastGood = good ?? (await volume.readLastGood());
      if (lastGood !== undefined) await volume.goLive(lastGood);
      // Late, or never: what the server runs now is not known, so the next text is reloaded even if it is the last good.
      await volume.forget(generation);
      return { kind: "refused", hash, message: reloaded.message };
    }
    case "unavailable": {
      const isLive = checked === "ok" || good === undefined;
      if (!isLive) await volume.goLive(good);
      return { kind: "pending", message: reloaded.message, isLive };
    }
  }
}
