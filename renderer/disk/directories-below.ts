import { readdirSync } from "node:fs";
import { join } from "node:path";

/** Most directories watched below one: each takes an inotify watch. */
const MAX_DIRECTORIES = 1_000;

/** Returns the directories below a directory, at any depth; none if it cannot be read. Does not follow links. */
export function directoriesBelow(directory: string): string[] {
  try {
    const found = readdirSync(directory, { recursive: true, withFileTypes: true });
    return found
      .filter((entry) => entry.isDirectory())
      .slice(0, MAX_DIRECTORIES)
      .map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return [];
  }
}
