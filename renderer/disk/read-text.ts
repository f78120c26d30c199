import { readdirSync } from "node:fs";
import { basename, dirname } from "node:path";
import { nearest } from "../../shared/nearest.ts";
import { readRegular } from "./read-regular.ts";

/** Most bytes of a text that people write for the renderer. */
const MAX_BYTES = 1024 * 1024;

/** Most names of a directory that are looked at for the nearest one. */
const MAX_NAMES = 1_000;

/** The text of a file of the operator's, or what keeps it from being read, as a sentence that begins with the path. */
export function readText(path: string): { readonly text: string } | { readonly problem: string } {
  try {
    return decoded(readRegular(path, MAX_BYTES), path);
  } catch (error) {
    const { code = "unknown" } = error as NodeJS.ErrnoException;
    if (code === "ENOTFILE") return { problem: `${path}: is not a file, cannot be read` };
    if (code === "EFBIG") return { problem: `${path}: has more than ${MAX_BYTES} bytes` };
    const near = code === "ENOENT" ? nearestFile(path) : undefined;
    return { problem: `${path}: ${code}, cannot be read${near === undefined ? "" : `; did you mean ${near}?`}` };
  }
}

function decoded(bytes: Buffer, path: string): { readonly text: string } | { readonly problem: string } {
  try {
    return { text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { problem: `${path}: is not text in UTF-8` };
  }
}

function nearestFile(path: string): string | undefined {
  try {
    return nearest(basename(path), readdirSync(dirname(path)).slice(0, MAX_NAMES));
  } catch {
    return undefined;
  }
}
