import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

/** Bytes that are written at once into a file that is there already: a crash may come after any of them. */
const FEW = 3;

/** Whatever changes files; `openSync` does when it makes one. */
const CHANGES = [
  "fchmodSync",
  "fchownSync",
  "ftruncateSync",
  "linkSync",
  "mkdirSync",
  "openSync",
  "renameSync",
  "rmSync",
  "unlinkSync",
  "writeFileSync",
  "writeSync",
] as const;

/** Changes of files that are left to a process before it crashes. */
let left = Number.POSITIVE_INFINITY;

type AnyFunction = (...args: unknown[]) => unknown;
for (const name of CHANGES) {
  const original = fs[name] as AnyFunction;
  const crashing: AnyFunction = (...args) => {
    if (name === "openSync" && !makesFile(args[1])) return original(...args);
    if (--left < 0) throw new Error("crashed");
    if (name === "writeSync" && left !== Number.POSITIVE_INFINITY) args[3] = Math.min(args[3] as number, FEW);
    return original(...args);
  };
  Object.assign(fs, { [name]: crashing });
}
syncBuiltinESMExports();

function makesFile(flags: unknown): boolean {
  return typeof flags === "number" && (flags & fs.constants.O_CREAT) !== 0;
}

/**
 * Runs as a process does that is killed before one of its changes of files: from that step on nothing it does has an
 * effect, so cleaning up has none, either. False when it came to its end before.
 */
export async function crashesAt(step: number, run: () => Promise<unknown>): Promise<boolean> {
  left = step - 1;
  try {
    await run();
    return left < 0;
  } catch (error) {
    if (left >= 0) throw error;
    return true;
  } finally {
    left = Number.POSITIVE_INFINITY;
  }
}
