import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";

/** Most bytes of a file that people lay for the renderer or nginx, such as a list of passwords. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;

/**
 * The bytes of a regular file, by links too. Never waits for a writer and never fills the memory: what is no file, or is
 * larger than such files are, is an error with the code ENOTFILE or EFBIG beside those of the file system.
 */
export function readRegular(path: string, maxBytes: number = MAX_FILE_BYTES): Buffer {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const found = fstatSync(file);
    if (!found.isFile()) throw Object.assign(new Error("not a file"), { code: "ENOTFILE" });
    if (found.size > maxBytes) throw Object.assign(new Error("too large"), { code: "EFBIG" });
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}
