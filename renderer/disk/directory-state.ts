import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Most names that are compared. */
const MAX_NAMES = 10_000;

/** Returns a text that changes whenever a file below the directory is written, created or removed; "" if it cannot be read. */
export function directoryState(directory: string): string {
  try {
    const names = readdirSync(directory, { recursive: true, encoding: "utf8" }).slice(0, MAX_NAMES).toSorted();
    return names.map((name) => stateOf(directory, name)).join("\n");
  } catch {
    return "";
  }
}

function stateOf(directory: string, name: string): string {
  const found = lstatSync(join(directory, name), { throwIfNoEntry: false });
  return `${name} ${found?.ino} ${found?.size} ${found?.mtimeMs}`;
}
