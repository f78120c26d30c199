import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { eventually } from "./eventually.ts";

const run = promisify(execFile);

/** Takes a mount away. It is busy for as long as children of a program that has just been ended have files open in it. */
export async function unmount(place: string): Promise<void> {
  await eventually(`${place} is unmounted`, async () => await run("umount", [place]));
}
