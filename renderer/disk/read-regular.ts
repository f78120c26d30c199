import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";

/** Most bytes of a file of the operator, such as a list of passwords. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;

/**
 * Returns the bytes of a regular file; follows links. Throws errors of the file system, ENOTFILE for anything else than a
 * regular file, such as a FIFO without a writer, and EFBIG above the limit.
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
