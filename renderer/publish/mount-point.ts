import { readFileSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/**
 * Returns whether this exact path is a mount point, such as a single file mounted into a container. It cannot be replaced,
 * whatever its directory allows. False where the kernel does not list mounts.
 */
export function isMountPoint(path: string): boolean {
  try {
    const place = join(realpathSync(dirname(path)), basename(path));
    return mountPoints(readFileSync("/proc/self/mountinfo", "utf8")).includes(place);
  } catch {
    return false;
  }
}

/** Pure: returns the fifth field of each line. The kernel escapes separators as three octal digits. */
export function mountPoints(mountinfo: string): string[] {
  return mountinfo.split("\n").flatMap((line) => {
    const place = line.split(" ")[4];
    return place === undefined ? [] : [place.replace(/\\([0-7]{3})/g, (_all, octal: string) => charOf(octal))];
  });
}

function charOf(octal: string): string {
  return String.fromCodePoint(Number.parseInt(octal, 8));
}
