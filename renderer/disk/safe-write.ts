import * as fs from "node:fs";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";

// Renaming, linking and writing to the page cache take microseconds, less than passing the work to another thread. Only
// fsync, which waits for the disk, does not run on this thread.
const fsync = promisify(fs.fsync);

/** A file that could not be written; the message has a hint. What was there before is unchanged. */
export class WriteError extends Error {
  readonly path: string;
  readonly errno: string;

  constructor(path: string, errno: string) {
    super(`${path}: ${errno}${HINTS[errno] === undefined ? "" : `, ${HINTS[errno]}`}`);
    this.path = path;
    this.errno = errno;
  }
}

/** The problem and the fix by error code. ENAMES and ENOTFILE are Sallyport's own codes. */
const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: "the volume is full; make room on it",
  EROFS: "the volume is read-only; mount it writable in the renderer, or set another directory in `stateDirectory`",
  EACCES: "the renderer's user has no write permission; grant it, or set another directory in `stateDirectory`",
  EBUSY: "a file is mounted there; mount its directory instead",
  ENAMES: "the file has several hard links, which would change too; remove the others",
  EPERM: "the renderer's user cannot change the owner; remove `owner`, or run the renderer as that user",
  ENOENT: "its directory is missing; mount the volume",
  ENOTFILE: "it is not a regular file; remove it",
};

/** Permissions and owner of a file. Default: 0644 and the renderer's user. */
export interface Access {
  readonly mode?: number | undefined;
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
}

/** What is synced to disk when a write resolves. */
export type Durable = "nothing" | "content" | "content and name";

/**
 * Replaces a file atomically: readers see the old content or the new, also after a power failure. Does not follow a link
 * at the destination, and replaces only a regular file or a link. Creates the directory and its parents if they are
 * missing. Returns the file's identity. Throws WriteError.
 */
export async function safeWrite(path: string, bytes: Buffer, durable: Durable, access: Access = {}): Promise<string> {
  const temporary = temporaryOf(path);
  return await step(path, temporary, async () => {
    refuseSpecial(path);
    const file = inDirectory(temporary, () => createNew(temporary));
    try {
      fs.writeFileSync(file, bytes);
      // Independent of the umask: the server runs as another user.
      if (access.owner) fs.fchownSync(file, access.owner.uid, access.owner.gid);
      fs.fchmodSync(file, access.mode ?? 0o644);
      if (durable !== "nothing") await fsync(file);
    } finally {
      fs.closeSync(file);
    }
    // Before another process can write to it.
    const identity = identityOf(fs.lstatSync(temporary, { bigint: true }));
    fs.renameSync(temporary, path);
    if (durable === "content and name") await syncDirectory(dirname(path));
    return identity;
  });
}

/** Renames a file over another. The name is synced when it resolves. Throws WriteError. */
export async function replace(from: string, to: string): Promise<void> {
  await step(to, undefined, async () => {
    refuseSpecial(to);
    inDirectory(to, () => fs.renameSync(from, to));
    await syncDirectory(dirname(to));
  });
}

/** Creates a hard link, atomically in place of what has the name. Throws WriteError. */
export async function link(file: string, name: string): Promise<void> {
  const temporary = temporaryOf(name);
  await step(name, temporary, async () => {
    fs.rmSync(temporary, { force: true });
    inDirectory(name, () => fs.linkSync(file, temporary));
    fs.renameSync(temporary, name);
    // POSIX: renaming a link over another link of the same file does nothing, so the temporary one remains.
    fs.rmSync(temporary, { force: true });
    return await Promise.resolve();
  });
}

/** Returns the identity of a regular file, or undefined if it is missing. Throws WriteError. */
export function identify(path: string): string | undefined {
  return ofRegularFile(path, identityOf);
}

/** Returns the bytes of a regular file, or undefined if it is missing. Throws WriteError for anything else. */
export function readBytes(path: string): Buffer | undefined {
  return ofRegularFile(path, () => fs.readFileSync(path));
}

function ofRegularFile<T>(path: string, read: (found: fs.BigIntStats) => T): T | undefined {
  try {
    const found = fs.lstatSync(path, { bigint: true });
    if (!found.isFile()) throw Object.assign(new Error("not a file"), { code: "ENOTFILE" });
    return read(found);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    throw new WriteError(path, code ?? "unknown");
  }
}

/** Returns an identity that changes whenever the file is replaced or written. */
export function identityOf({ dev, ino, size, mtimeNs }: fs.BigIntStats): string {
  return `${dev} ${ino} ${size} ${mtimeNs}`;
}

/** Returns a fixed name, so that a killed process leaves at most one file, which the next write replaces. */
function temporaryOf(path: string): string {
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

/** Creates a file exclusively, after removing what a killed process left. */
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

/** Runs a function on a path, and again after creating the directory if that is missing. */
function inDirectory<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    makeDirectory(dirname(path));
    return act();
  }
}

/** Creates a directory and its parents. `mkdir` with `recursive` reports a read-only volume as ENOENT. */
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

/** Syncs the content of a file that was written before. Throws WriteError. */
export async function syncFile(path: string): Promise<void> {
  await step(path, undefined, async () => await sync(path, fs.constants.O_NOFOLLOW));
}

async function syncDirectory(path: string): Promise<void> {
  await sync(path, fs.constants.O_DIRECTORY);
}

async function sync(path: string, flags: number): Promise<void> {
  const opened = fs.openSync(path, fs.constants.O_RDONLY | flags);
  try {
    await fsync(opened);
  } finally {
    fs.closeSync(opened);
  }
}
