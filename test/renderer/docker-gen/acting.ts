import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mock } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Wait } from "../../../renderer/publish/debounce.ts";
import { Reconciler } from "../../../renderer/publish/reconciler.ts";
import type { ServerControl } from "../../../renderer/publish/server-control.ts";
import { RenderedFile } from "../../../renderer/publish/rendered-file.ts";
import { Volume } from "../../../renderer/publish/volume.ts";
import { removeDirectory } from "../../remove-directory.ts";

/** Milliseconds of a step of the simulated clock, and the number of steps. */
const STEP_MS = 10;
const STEPS = 100;

/** Returns when an idle target publishes, in milliseconds, for changes at these times. The clock is simulated. */
export async function actsAt(wait: Wait, changes: readonly number[]): Promise<number[]> {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-waiting-"));
  const acts: number[] = [];
  let [now, ended] = [0, 0];
  mock.timers.enable({ apis: ["setTimeout"] });
  const clock = mock.method(performance, "now", () => now);
  const server: ServerControl = {
    check: async () => await Promise.resolve({ kind: "unchecked" }),
    reload: async () => await Promise.resolve({ kind: "unchecked" }),
    onReady: () => () => undefined,
  };
  const reconciler = new Reconciler({
    destinations: [{ volume: new Volume(join(directory, "file")), server, reload: "none" }],
    wait,
    log: () => undefined,
    source: {
      next: async () =>
        await Promise.resolve({
          kind: "revision",
          files: [new RenderedFile(Buffer.from(String(acts.push(now))))],
          published: () => void (ended += 1),
        }),
      initial: async () => await Promise.resolve({ kind: "failed", error: "not used" }),
    },
  });
  try {
    for (let step = 0; step < STEPS; step++, now += STEP_MS) {
      mock.timers.tick(step === 0 ? 0 : STEP_MS);
      if (changes.includes(now)) reconciler.changed();
      await passed(() => acts.length === ended);
    }
    await reconciler.stop();
    return acts;
  } finally {
    clock.mock.restore();
    mock.timers.reset();
    await removeDirectory(directory);
  }
}

/** A pass begins in the next turn of the event loop, and its continuation runs in the turn after its end. */
async function passed(isOver: () => boolean): Promise<void> {
  for (let turns = 0; turns < 3 || !isOver(); turns++) await nextTurn();
  for (let turns = 0; turns < 3; turns++) await nextTurn();
}
