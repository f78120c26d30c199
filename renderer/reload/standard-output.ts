import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { ServerControl, ControlResult } from "../publish/server-control.ts";
import { Volume } from "../publish/volume.ts";

/** A file of nobody's, in a directory of its own: what is live there was printed. */
export function volumeOfOutput(): Volume {
  return new Volume(join(mkdtempSync(join(tmpdir(), "sallyport-")), "standard-output"));
}

/** Nobody looks for it again. */
export function removeOutput({ live }: Volume): void {
  rmSync(dirname(live), { recursive: true, force: true });
}

/** Prints what is live whenever it is to be taken up. */
export function printer(volume: Volume): ServerControl {
  return {
    check: async () => await Promise.resolve({ kind: "unchecked" }),
    reload: async () => await print(volume.readLive()?.bytes ?? Buffer.alloc(0)),
    onReady: () => () => undefined,
  };
}

/** Whoever read it may be gone: that is told, and ends nothing. */
async function print(bytes: Buffer): Promise<ControlResult> {
  return await new Promise((resolve) => {
    const fail = ({ code = "" }: NodeJS.ErrnoException): void =>
      resolve({ kind: "unavailable", message: `standard output: ${code}, nobody reads it` });
    process.stdout.once("error", fail);
    process.stdout.write(bytes, (error) => {
      if (error) return fail(error);
      process.stdout.off("error", fail);
      resolve({ kind: "ok" });
    });
  });
}
