import { rmSync } from "node:fs";
import { overwrite } from "./in-place.ts";
import { isMountPoint } from "./mount-point.ts";
import { RenderedFile } from "./rendered-file.ts";
import { type Access, identify, readBytes, replace, safeWrite, WriteError } from "../disk/safe-write.ts";

/**
 * The file that the server reads. It is replaced atomically. A file that is itself a mount cannot be replaced: it is
 * overwritten in place, and a marker file holds the new content's hash until it is on disk.
 */
export class LiveFile {
  readonly path: string;
  readonly #mark: string;
  readonly #access: Access;
  #isMounted: boolean | undefined;
  /** The content at this identity, so that the file is read only after another process changed it. */
  #seen: { readonly printed: RenderedFile; readonly identity: string } | undefined;

  constructor(path: string, mark: string, access: Access) {
    this.path = path;
    this.#mark = mark;
    this.#access = access;
  }

  get isMounted(): boolean {
    this.#isMounted ??= isMountPoint(this.path);
    return this.#isMounted;
  }

  /** Returns the content, or undefined if the file is missing. Throws WriteError. */
  read(): RenderedFile | undefined {
    const identity = identify(this.path);
    if (identity === undefined) return undefined;
    if (this.#seen?.identity !== identity) {
      const bytes = readBytes(this.path);
      this.#seen = bytes && { printed: new RenderedFile(bytes), identity };
    }
    return this.#seen?.printed;
  }

  /** Replaces the file by a candidate with this content. Throws WriteError. */
  async take(candidate: string, text: RenderedFile): Promise<void> {
    if (!this.isMounted) {
      const identity = identify(candidate);
      const failure = await replace(candidate, this.path).then(() => undefined, asWriteError);
      if (!failure && identity !== undefined) this.#seen = { printed: text, identity };
      if (!failure) return;
      if (failure.errno !== "EXDEV" && !this.#cannotBeReplaced(failure)) throw failure;
    }
    await this.put(text);
    rmSync(candidate, { force: true });
  }

  /** Throws WriteError. */
  async put(text: RenderedFile): Promise<void> {
    if (!this.isMounted) {
      const written = await safeWrite(this.path, text.bytes, "content and name", this.#access).catch(asWriteError);
      if (typeof written === "string") return this.#isWhole(text, written);
      if (!this.#cannotBeReplaced(written)) throw written;
    }
    await this.#writeInto(text);
  }

  /** SHA-256 of the content that a killed process did not finish writing; undefined if there is none. Throws WriteError. */
  get torn(): string | undefined {
    const wanted = readBytes(this.#mark)?.toString();
    if (wanted === undefined || this.read()?.hash !== wanted) return wanted;
    rmSync(this.#mark, { force: true });
    return undefined;
  }

  async #writeInto(text: RenderedFile): Promise<void> {
    const before = readBytes(this.path);
    await safeWrite(this.#mark, Buffer.from(text.hash), "content and name");
    try {
      this.#isWhole(text, await overwrite(this.path, text.bytes, this.#access));
    } catch (error) {
      if (before) await overwrite(this.path, before, {}).catch(() => undefined);
      if (before && readBytes(this.path)?.equals(before)) rmSync(this.#mark, { force: true });
      throw error;
    }
  }

  #isWhole(printed: RenderedFile, identity: string): void {
    this.#seen = { printed, identity };
    rmSync(this.#mark, { force: true });
  }

  #cannotBeReplaced({ errno }: WriteError): boolean {
    if (errno !== "EBUSY" && errno !== "EXDEV") return false;
    this.#isMounted = isMountPoint(this.path);
    return this.#isMounted;
  }
}

function asWriteError(error: unknown): WriteError {
  if (error instanceof WriteError) return error;
  throw error;
}
