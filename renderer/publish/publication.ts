import type { ServerControl, Verdict } from "./server-control.ts";
import type { Volume } from "./volume.ts";
import type { Printed } from "./printed.ts";

/** How one attempt to publish a text ended. In every case what is live is a configuration that works. */
export type Outcome =
  | { readonly kind: "unchanged" }
  | { readonly kind: "published"; readonly generation: number }
  /** Refused: by the check, or by a server that did not take it up. What was live before is live. */
  | { readonly kind: "refused"; readonly message: string; readonly by: "check" | "server" }
  /** The server cannot be reached. `isLive` says whether the text waits in place or as a candidate. */
  | { readonly kind: "pending"; readonly message: string; readonly isLive: boolean };

/**
 * Stage, check, put into place, reload, remember. Throws WriteError when the volume fails; live is untouched then.
 * With `again` the server is told although it has this text.
 */
export async function publish(wanted: Printed, volume: Volume, server: ServerControl, again = false): Promise<Outcome> {
  const before = volume.readLive();
  const { confirmed } = volume.readState();
  if (before && wanted.equals(before)) {
    return confirmed === before.hash && !again
      ? { kind: "unchanged" }
      : await takeUp(before, undefined, "ok", volume, server);
  }
  await volume.stage(wanted);
  const checked = await server.check(volume.candidate);
  if (checked.kind === "rejected") {
    await volume.reject();
    return { kind: "refused", message: checked.message, by: "check" };
  }
  if (checked.kind === "unavailable") return { kind: "pending", message: checked.message, isLive: false };
  const good = before?.hash === confirmed ? before : (volume.readLastGood() ?? before);
  await volume.promote(wanted);
  return await takeUp(wanted, good, checked.kind, volume, server);
}

/** Reloads; a text that turns out bad, or that nobody checked before the server went away, gives way to `good`. */
async function takeUp(
  wanted: Printed,
  good: Printed | undefined,
  checked: "ok" | "unchecked",
  volume: Volume,
  server: ServerControl,
): Promise<Outcome> {
  const { generation } = volume.readState();
  const reloaded: Verdict = await server.reload();
  switch (reloaded.kind) {
    case "ok":
    case "unchecked":
      await volume.remember(wanted, generation + 1);
      return { kind: "published", generation: generation + 1 };
    case "rejected": {
      const lastGood = good ?? volume.readLastGood();
      if (lastGood !== undefined) await volume.goLive(lastGood);
      // Late, or never: what the server runs now is not known, so the next text is reloaded even if it is the last good.
      await volume.forget(generation);
      return { kind: "refused", message: reloaded.message, by: "server" };
    }
    case "unavailable": {
      const isLive = checked === "ok" || good === undefined;
      if (!isLive) await volume.goLive(good);
      return { kind: "pending", message: reloaded.message, isLive };
    }
  }
}
