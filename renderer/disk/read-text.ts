import { basename, dirname } from "node:path";
import { nearest } from "../../shared/nearest.ts";
import { namesIn } from "./read-or-empty.ts";
import { readRegular } from "./read-regular.ts";

/** Most bytes of a template or a configuration. */
const MAX_BYTES = 1024 * 1024;

/** Most names of a directory that are compared for a suggestion. */
const MAX_NAMES = 1_000;

/** Returns the text of a file of the operator, or the problem as `path: what is wrong; what to do`. */
export function readText(path: string): { readonly text: string } | { readonly problem: string } {
  try {
    return decoded(readRegular(path, MAX_BYTES), path);
  } catch (error) {
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    if (code === "ENOTFILE") return { problem: `${path}: is not a regular file; name a file` };
    if (code === "EFBIG") return { problem: `${path}: is larger than ${MAX_BYTES} bytes; split it or remove comments` };
    const near = code === "ENOENT" ? nearestFile(path) : undefined;
    const hint = code === "EACCES" ? "let the renderer's user read it" : "correct the path or mount the file";
    return { problem: `${path}: ${code}, cannot be read; ${near === undefined ? hint : `did you mean ${near}?`}` };
  }
}

function decoded(bytes: Buffer, path: string): { readonly text: string } | { readonly problem: string } {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { problem: `${path}: is not UTF-8 text; save it as UTF-8` };
  }
}

function nearestFile(path: string): string | undefined {
  return nearest(basename(path), namesIn(dirname(path)).slice(0, MAX_NAMES));
}
