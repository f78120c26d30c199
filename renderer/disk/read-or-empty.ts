import { readFileSync } from "node:fs";

/** Reads a file of the system, such as one in /proc. Returns empty text if it cannot be read. */
export function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
