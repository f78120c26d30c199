import { rmSync } from "node:fs";
import { eventually } from "./eventually.ts";

/**
 * Removes a directory and its contents. Repeats after an error, because child processes of a program that has just ended
 * may still write there.
 */
export async function removeDirectory(path: string): Promise<void> {
  await eventually(`${path} is removed`, () => {
    rmSync(path, { recursive: true, force: true });
    return true;
  });
}
