import * as fs from "node:fs";
import { promisify } from "node:util";
import { type Access, identityOf, WriteError } from "../disk/safe-write.ts";

const fsync = promisify(fs.fsync);

/**
 * Overwrites a file that cannot be replaced. Readers may see a partial file for a moment, and after a crash. Bytes beyond
 * the old length are written first, so that a full disk is detected while the old content is still intact. Follows no
 * link, and refuses a file with several names. Returns the file's identity. Throws WriteError; the old content is in
 * place then, unless the disk itself fails.
 */
export async function overwrite(path: string, bytes: Buffer, access: Access): Promise<string> {
  try {
    const file = openFile(path);
    try {
      if (access.owner) fs.fchownSync(file, access.owner.uid, access.owner.gid);
      if (access.mode !== undefined) fs.fchmodSync(file, access.mode);
      write(file, bytes);
      await fsync(file);
      return identityOf(fs.fstatSync(file, { bigint: true }));
    } finally {
      fs.closeSync(file);
    }
  } catch (error) {
    throw new WriteError(path, (error as NodeJS.ErrnoException).code ?? "unknown");
  }
}

function openFile(path: string): number {
  const { O_NOFOLLOW, O_NONBLOCK, O_WRONLY } = fs.constants;
  const file = fs.openSync(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK);
  const found = fs.fstatSync(file);
  const fault = found.isFile() ? (found.nlink > 1 ? "ENAMES" : undefined) : "ENOTFILE";
  if (fault === undefined) return file;
  fs.closeSync(file);
  throw Object.assign(new Error(fault), { code: fault });
}

function write(file: number, bytes: Buffer): void {
  const { size } = fs.fstatSync(file);
  try {
    writeAll(file, bytes.subarray(size), size);
  } catch (error) {
    fs.ftruncateSync(file, size);
    throw error;
  }
  writeAll(file, bytes.subarray(0, size), 0);
  if (bytes.length < size) fs.ftruncateSync(file, bytes.length);
}

/** A write may be short. */
function writeAll(file: number, bytes: Buffer, position: number): void {
  for (let done = 0; done < bytes.length;) {
    done += fs.writeSync(file, bytes, done, bytes.length - done, position + done);
  }
}
