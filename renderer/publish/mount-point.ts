import { readFileSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/**
 * Whether something is mounted exactly there, such as a single file into a container: it cannot be replaced, whatever its
 * directory allows. Where the kernel does not tell, nothing is.
 */
export function isMountPoint(path: string): boolean {
  try {
    const place = join(realpathSync(dirname(path)), basename(path));
    return mountPoints(readFileSync("/proc/self/mountinfo", "utf8")).includes(place);
  } catch {
    return false;
  }
}

/** Pure: the fifth word of each line, in which the kernel writes what would end a word as three octal digits. */
export function mountPoints(mountinfo: string): string[] {
  return mountinfo.split("\n").flatMap((line) => {
    const place = line.split(" ")[4];
    return place === undefined ? [] : [place.replace(/\\([0-7]{3})/g, (_all, octal: string) => charOf(octal))];
  });
}

/** Only ASCII is written so. */
function charOf(octal: string): string {
  return String.fromCodePoint(Number.parseInt(octal, 8));
}
