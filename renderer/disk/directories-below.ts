import { readdirSync } from "node:fs";
import { join } from "node:path";

/** Most directories that are watched below one: each costs the system a watch. */
const MAX_DIRECTORIES = 1_000;

/** The directories below a directory, at any depth; none when it cannot be looked at. Follows no link. */
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
