import * as fs from "node:fs";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";

// Names, links and a few megabytes in the page cache take microseconds, less than handing them to another thread.
// Only waiting for the disk is done elsewhere.
const fsync = promisify(fs.fsync);

/** A file that could not be made, with what to do about it. Nothing that was there before has changed. */
export class WriteError extends Error {
  readonly path: string;
  readonly errno: string;

  constructor(path: string, errno: string) {
    super(`${path}: ${errno}${mends[errno] === undefined ? "" : `, ${mends[errno]}`}`);
    this.path = path;
    this.errno = errno;
  }
}

const mends: Readonly<Record<string, string>> = {
  ENOSPC: "the volume is full: make room in it",
  EROFS: "the volume is read-only: mount it writable in the renderer, or name another directory in `stateDirectory`",
  EACCES: "the renderer's user may not write there: give it the directory, or name another in `stateDirectory`",
  EBUSY: "something is mounted there: mount its directory instead",
  ENAMES: "the file has a second name, which would be written into, too: give it one of its own",
  EPERM: "the renderer's user may not give it away: leave `owner` out, or let it run as that user",
  ENOENT: "its directory is missing: mount the volume",
  ENOTFILE: "something that is not a file is in its place: remove it",
};

/** Who may do what with a file; without it everybody may read it and it is the renderer's. */
export interface Access {
  readonly mode?: number | undefined;
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
}

/** What must be on disk when a write resolves. */
export type Durable = "nothing" | "content" | "content and name";

/**
 * Puts a file into place in one step: readers see the old text or the new, also after a power cut.
 * Follows no link at the destination, and replaces nothing but a regular file or a link. Makes its
 * directory if that is missing and its parent is there. Gives the file's identity. Throws WriteError.
 */
export async function safeWrite(path: string, bytes: Buffer, durable: Durable, access: Access = {}): Promise<string> {
  const temporary = besides(path);
  return await step(path, temporary, async () => {
    refuseSpecial(path);
    const file = inDirectory(temporary, () => createNew(temporary));
    try {
      fs.writeFileSync(file, bytes);
      // Whatever the process's umask: the server is another user.
      if (access.owner) fs.fchownSync(file, access.owner.uid, access.owner.gid);
      fs.fchmodSync(file, access.mode ?? 0o644);
      if (durable !== "nothing") await fsync(file);
    } finally {
      fs.closeSync(file);
    }
    // Taken before anybody can write over it.
    const identity = identityOf(fs.lstatSync(temporary, { bigint: true }));
    fs.renameSync(temporary, path);
    if (durable === "content and name") await syncDirectory(dirname(path));
    return identity;
  });
}

/** Moves a file over another in one step; on disk when it resolves. Throws WriteError. */
export async function replace(from: string, to: string): Promise<void> {
  await step(to, undefined, async () => {
    refuseSpecial(to);
    inDirectory(to, () => fs.renameSync(from, to));
    await syncDirectory(dirname(to));
  });
}

/** Gives a file a second name in one step, in place of what had it. Throws WriteError. */
export async function link(file: string, name: string): Promise<void> {
  const temporary = besides(name);
  await step(name, temporary, async () => {
    fs.rmSync(temporary, { force: true });
    inDirectory(name, () => fs.linkSync(file, temporary));
    fs.renameSync(temporary, name);
    // Two names of one file are not renamed over each other: the temporary one stays, says POSIX.
    fs.rmSync(temporary, { force: true });
    return await Promise.resolve();
  });
}

/** Changes whenever a regular file is replaced or written to; undefined when there is none. Throws WriteError. */
export function identify(path: string): string | undefined {
  try {
    const found = fs.lstatSync(path, { bigint: true });
    if (!found.isFile()) throw Object.assign(new Error("not a file"), { code: "ENOTFILE" });
    return identityOf(found);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    throw new WriteError(path, code ?? "unknown");
  }
}

/** Another one whenever the file is replaced or written to. */
export function identityOf({ dev, ino, size, mtimeNs }: fs.BigIntStats): string {
  return `${dev} ${ino} ${size} ${mtimeNs}`;
}

/** Always the same name, so that a process killed in between leaves one file, which the next one replaces. */
function besides(path: string): string {
  return join(dirname(path), `.${basename(path)}.new`);
}

async function step<T>(path: string, temporary: string | undefined, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (temporary !== undefined) fs.rmSync(temporary, { force: true });
    throw new WriteError(path, (error as NodeJS.ErrnoException).code ?? "unknown");
  }
}

/** The bytes of a regular file, or undefined when there is none. Throws WriteError for anything else. */
export function readBytes(path: string): Buffer | undefined {
  try {
    const found = fs.lstatSync(path);
    if (!found.isFile()) throw Object.assign(new Error("not a file"), { code: "ENOTFILE" });
    return fs.readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    throw new WriteError(path, code ?? "unknown");
  }
}

/** A file that was not there before; what a killed process left in its place goes. */
function createNew(path: string): number {
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = fs.constants;
  const flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
  try {
    return fs.openSync(path, flags, 0o644);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    fs.unlinkSync(path);
    return fs.openSync(path, flags, 0o644);
  }
}

/** Does something with a path, once more if its directory had to be made first. */
function inDirectory<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    makeDirectory(dirname(path));
    return act();
  }
}

/** With its parents. Node's own way tells of a read-only volume as if the volume were missing. */
function makeDirectory(path: string): void {
  try {
    fs.mkdirSync(path, { mode: 0o755 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return;
    if (code !== "ENOENT" || dirname(path) === path) throw error;
    makeDirectory(dirname(path));
    fs.mkdirSync(path, { mode: 0o755 });
  }
}

function refuseSpecial(path: string): void {
  const found = fs.lstatSync(path, { throwIfNoEntry: false });
  if (found && !found.isFile() && !found.isSymbolicLink())
    throw Object.assign(new Error("special"), { code: "ENOTFILE" });
}

async function syncDirectory(path: string): Promise<void> {
  const directory = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
  try {
    await fsync(directory);
  } finally {
    fs.closeSync(directory);
  }
}
