import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Most names that are looked at. */
const MAX_NAMES = 10_000;

/** Changes whenever a file anywhere below the directory is written, made or removed; "" when there is no directory. */
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
