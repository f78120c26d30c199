import { rmSync } from "node:fs";
import { eventually } from "./eventually.ts";

/**
 * Removes a directory with all that is in it. Children of a program that has just been ended may write there for a moment
 * longer, and a directory that fills while it is removed is an error; so it is tried until it is gone.
 */
export async function removeDirectory(path: string): Promise<void> {
  await eventually(`${path} is gone`, () => {
    rmSync(path, { recursive: true, force: true });
    return true;
  });
}
