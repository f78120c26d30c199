import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { ServerControl, ControlResult } from "../publish/server-control.ts";
import { Volume } from "../publish/volume.ts";

/** A temporary file for a target on standard output. Its live content is what was printed last. */
export function volumeOfOutput(): Volume {
  return new Volume(join(mkdtempSync(join(tmpdir(), "sallyport-")), "standard-output"));
}

export function removeOutput({ live }: Volume): void {
  rmSync(dirname(live), { recursive: true, force: true });
}

/** A server control that prints the live file at each reload. */
export function printer(volume: Volume): ServerControl {
  return {
    check: async () => await Promise.resolve({ kind: "unchecked" }),
    reload: async () => await print(volume.readLive()?.bytes ?? Buffer.alloc(0)),
    onReady: () => () => undefined,
  };
}

/** A closed pipe is reported and does not end the process. */
async function print(bytes: Buffer): Promise<ControlResult> {
  return await new Promise((resolve) => {
    const fail = ({ code = "" }: NodeJS.ErrnoException): void =>
      resolve({ kind: "unavailable", message: `standard output: ${code}, the reader is gone` });
    process.stdout.once("error", fail);
    process.stdout.write(bytes, (error) => {
      if (error) return fail(error);
      process.stdout.off("error", fail);
      resolve({ kind: "ok" });
    });
  });
}
