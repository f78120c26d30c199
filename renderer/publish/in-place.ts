import * as fs from "node:fs";
import { promisify } from "node:util";
import { type Access, identityOf, WriteError } from "../disk/safe-write.ts";

const fsync = promisify(fs.fsync);

/**
 * Writes into a file that cannot be replaced: readers may see a part of each text for a moment, and so does whoever looks
 * after a crash. What is longer than before is written first, so that a full disk is found out while the old text can
 * still be had. Follows no link, writes into no file that has a second name. Gives the file's identity. Throws
 * WriteError, with the old text in place unless the disk itself fails.
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

/** The kernel may take less than it is given. */
function writeAll(file: number, bytes: Buffer, position: number): void {
  for (let done = 0; done < bytes.length;) {
    done += fs.writeSync(file, bytes, done, bytes.length - done, position + done);
  }
}
