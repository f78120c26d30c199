import { closeSync, constants, fstatSync, openSync, readFileSync, realpathSync } from "node:fs";
import { join, sep } from "node:path";

/** Largest file that can be included, in bytes. */
const MAX_INCLUDE_BYTES = 1024 * 1024;

/** Reads a text file below `directory`, or returns why it cannot. A symbolic link that leads out of it is rejected. */
export function readInclude(directory: string | undefined, name: unknown): { text: string } | { refused: string } {
  if (typeof name !== "string" || name === "") return { refused: "include needs a file name" };
  if (directory === undefined) return { refused: `include ${quoted(name)}: the target has no \`includes\` directory` };
  try {
    const path = insideOf(directory, name);
    return path === undefined ? { refused: `include ${quoted(name)}: not below \`includes\`` } : readText(path, name);
  } catch (error) {
    return { refused: `include ${quoted(name)}: ${(error as NodeJS.ErrnoException).code ?? "not text"}` };
  }
}

/** Returns the real path of a file below the directory. Throws errors of the file system. */
function insideOf(directory: string, name: string): string | undefined {
  if (name.includes("\0")) return undefined;
  const path = realpathSync(join(directory, name));
  return path.startsWith(`${realpathSync(directory)}${sep}`) ? path : undefined;
}

function readText(path: string, name: string): { text: string } | { refused: string } {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const found = fstatSync(file);
    if (!found.isFile()) return { refused: `include ${quoted(name)}: not a file` };
    if (found.size > MAX_INCLUDE_BYTES) return { refused: `include ${quoted(name)}: larger than a MiB` };
    const text = new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(file));
    return text.includes("\0") ? { refused: `include ${quoted(name)}: not text` } : { text };
  } finally {
    closeSync(file);
  }
}

function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 100));
}
