import { closeSync, constants, fstatSync, openSync, readFileSync, realpathSync } from "node:fs";
import { join, sep } from "node:path";

/** Largest file that can be included, in bytes. */
const MAX_INCLUDE_BYTES = 1024 * 1024;

/** The text of a file below the directory a target declares; otherwise why there is none. Follows no link out of it. */
export function readInclude(directory: string | undefined, name: unknown): { text: string } | { refused: string } {
  if (typeof name !== "string" || name === "") return { refused: "include needs the name of a file" };
  if (directory === undefined)
    return { refused: `include ${quoted(name)}: the target names no directory (\`includes\`)` };
  try {
    const path = insideOf(directory, name);
    return path === undefined ? { refused: `include ${quoted(name)}: not below \`includes\`` } : readText(path, name);
  } catch (error) {
    return { refused: `include ${quoted(name)}: ${(error as NodeJS.ErrnoException).code ?? "not text"}` };
  }
}

/** The file's real path, if it is below the directory's. Throws what the file system says. */
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
