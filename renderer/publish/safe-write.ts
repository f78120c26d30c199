import { constants } from "node:fs";
import { link as addName, lstat, mkdir, open, readFile, rename, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

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
  EROFS: "the volume is read-only: mount it writable in the renderer",
  EACCES: "the renderer's user may not write there: give it the directory",
  ENOENT: "its directory is missing: mount the volume",
  ENOTFILE: "something that is not a file is in its place: remove it",
};

/** What must be on disk when a write resolves. */
export type Durable = "nothing" | "content" | "content and name";

/**
 * Puts a file into place in one step: readers see the old text or the new, also after a power cut.
 * Follows no link at the destination, and replaces nothing but a regular file or a link. Makes its
 * directory if that is missing and its parent is there. Throws WriteError.
 */
export async function safeWrite(path: string, bytes: Buffer, durable: Durable): Promise<void> {
  const temporary = besides(path);
  await step(path, temporary, async () => {
    await refuseSpecial(path);
    await unlink(temporary).catch(ignoreMissing);
    await writeNew(temporary, bytes, durable !== "nothing").catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
      await mkdir(dirname(path), { recursive: true, mode: 0o755 });
      await writeNew(temporary, bytes, durable !== "nothing");
    });
    await rename(temporary, path);
    if (durable === "content and name") await syncDirectory(dirname(path));
  });
}

/** Moves a file over another in one step; on disk when it resolves. Throws WriteError. */
export async function replace(from: string, to: string): Promise<void> {
  await step(to, undefined, async () => {
    await refuseSpecial(to);
    await rename(from, to).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
      await mkdir(dirname(to), { recursive: true, mode: 0o755 });
      await rename(from, to);
    });
    await syncDirectory(dirname(to));
  });
}

/** Gives a file a second name in one step, in place of what had it. Throws WriteError. */
export async function link(file: string, name: string): Promise<void> {
  const temporary = besides(name);
  await step(name, temporary, async () => {
    await mkdir(dirname(name), { recursive: true, mode: 0o755 });
    await unlink(temporary).catch(ignoreMissing);
    await addName(file, temporary);
    await rename(temporary, name);
    // Two names of one file are not renamed over each other: the temporary one stays, says POSIX.
    await unlink(temporary).catch(ignoreMissing);
  });
}

/** Changes whenever a regular file is replaced or written to; undefined when there is none. Throws WriteError. */
export async function identify(path: string): Promise<string | undefined> {
  try {
    const found = await lstat(path, { bigint: true });
    if (!found.isFile()) throw Object.assign(new Error("not a file"), { code: "ENOTFILE" });
    return `${found.dev} ${found.ino} ${found.size} ${found.mtimeNs}`;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    throw new WriteError(path, code ?? "unknown");
  }
}

/** Always the same name, so that a process killed in between leaves one file, which the next one replaces. */
function besides(path: string): string {
  return join(dirname(path), `.${basename(path)}.new`);
}

async function step(path: string, temporary: string | undefined, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (temporary !== undefined) await unlink(temporary).catch(() => undefined);
    throw new WriteError(path, (error as NodeJS.ErrnoException).code ?? "unknown");
  }
}

/** The bytes of a regular file, or undefined when there is none. Throws WriteError for anything else. */
export async function readBytes(path: string): Promise<Buffer | undefined> {
  try {
    const found = await lstat(path);
    if (!found.isFile()) throw Object.assign(new Error("not a file"), { code: "ENOTFILE" });
    return await readFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    throw new WriteError(path, code ?? "unknown");
  }
}

async function writeNew(path: string, bytes: Buffer, isDurable: boolean): Promise<void> {
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
  const file = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o644);
  try {
    await file.writeFile(bytes);
    // Whatever the process's umask: the server is another user.
    await file.chmod(0o644);
    if (isDurable) await file.sync();
  } finally {
    await file.close();
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}

async function refuseSpecial(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found && !found.isFile() && !found.isSymbolicLink())
    throw Object.assign(new Error("special"), { code: "ENOTFILE" });
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
