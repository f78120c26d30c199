import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { eventually } from "./eventually.ts";

const run = promisify(execFile);

/** Unmounts a volume. Repeats while child processes of a program that has just ended have files open in it. */
export async function unmount(path: string): Promise<void> {
  await eventually(`${path} is unmounted`, async () => await run("umount", [path]));
}
