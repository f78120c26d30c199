import { readFileSync } from "node:fs";
import { hostname } from "node:os";

/**
 * The id of the container this process runs in, or how it begins; undefined outside of one, or when it cannot be told.
 * Engines mount files of the container's own directory, whose name is the id, whatever hostname and network it has.
 */
export function ownContainer(
  mounts: string = readOrNothing("/proc/self/mountinfo"),
  name: string = hostname(),
): string | undefined {
  const mounted = /\/([0-9a-f]{64})\/(?:userdata\/)?(?:hostname|hosts|resolv\.conf) /.exec(mounts)?.[1];
  return mounted ?? (/^[0-9a-f]{12}$/.test(name) ? name : undefined);
}

function readOrNothing(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
