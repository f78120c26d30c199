import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { join } from "node:path";
import { readRegular } from "../disk/read-regular.ts";

/**
 * Returns a short hash of the contents of these files. It is printed into nginx's configuration, so that a change of a
 * file causes a reload. A file that only nginx may read is hashed by its identity, size and time.
 */
export function hashFiles(directory: string, names: readonly string[]): string {
  const hash = createHash("sha256");
  for (const name of names) {
    try {
      hash.update(readRegular(join(directory, name)));
    } catch {
      hash.update(identityOf(join(directory, name)));
    }
  }
  return hash.digest("hex").slice(0, 16);
}

function identityOf(path: string): string {
  try {
    const { ino, size, mtimeMs } = statSync(path);
    return `${path} ${ino} ${size} ${mtimeMs}`;
  } catch {
    return path;
  }
}

/** Whether nginx can open the file. With a dangling link nginx would reject the whole configuration. */
export function isFile(directory: string, name: string): boolean {
  try {
    return statSync(join(directory, name)).isFile();
  } catch (error) {
    // nginx may read files that the renderer may not.
    return (error as NodeJS.ErrnoException).code === "EACCES";
  }
}
