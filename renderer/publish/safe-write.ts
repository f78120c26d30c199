import { constants } from "node:fs";
import { lstat, mkdir, open, readFile, rename, unlink } from "node:fs/promises";
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

/**
 * Puts a file into place in one step: readers see the old text or the new, also after a power cut.
 * Follows no link at the destination, and replaces nothing but a regular file or a link. Throws WriteError.
 */
export async function safeWrite(path: string, text: string): Promise<void> {
  // Always the same name, so that a process killed in between leaves one file, which the next one replaces.
  const temporary = join(dirname(path), `.${basename(path)}.new`);
  try {
    await refuseSpecial(path);
    await unlink(temporary).catch(ignoreMissing);
    await writeNew(temporary, text);
    await rename(temporary, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw new WriteError(path, (error as NodeJS.ErrnoException).code ?? "unknown");
  }
}

/** The text of a regular file, or undefined when there is none. Throws WriteError for anything else. */
export async function readText(path: string): Promise<string | undefined> {
  try {
    const found = await lstat(path);
    if (!found.isFile()) throw Object.assign(new Error("not a file"), { code: "ENOTFILE" });
    return await readFile(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    throw new WriteError(path, code ?? "unknown");
  }
}

/** Makes a directory of ours if it is missing. Throws WriteError. */
export async function ensureDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o755 });
  } catch (error) {
    throw new WriteError(path, (error as NodeJS.ErrnoException).code ?? "unknown");
  }
}

async function writeNew(path: string, text: string): Promise<void> {
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
  const file = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o644);
  try {
    await file.writeFile(text);
    // Whatever the process's umask: the server is another user.
    await file.chmod(0o644);
    await file.sync();
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
