import { rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import * as z from "zod";
import { LiveFile } from "./live-file.ts";
import { RenderedFile } from "./rendered-file.ts";
import { type Access, link, readBytes, replace, safeWrite, syncFile } from "../disk/safe-write.ts";

const State = z.strictObject({ generation: z.int().nonnegative(), confirmed: z.string().max(64) });

/** State that survives restarts: the hash of the file that the server last confirmed. */
export type PublishedState = z.infer<typeof State>;

/** Mode and owner of a target's files, and the directory of those that are not live. */
export interface VolumeOptions extends Access {
  readonly stateDirectory?: string | undefined;
}

/** Directory of a target's candidate, last good and state files: next to the live file by default. */
export function ownDirectory(destination: string, stateDirectory: string | undefined): string {
  return stateDirectory === undefined
    ? join(dirname(destination), ".sallyport")
    : join(stateDirectory, dirname(destination));
}

/** The path of a target's state. */
export function stateFileOf(destination: string, stateDirectory?: string): string {
  return join(ownDirectory(destination, stateDirectory), `${basename(destination)}.state.json`);
}

/** The files of one target: live, candidate, last good, rejected, state. See docs/explanation/architecture.md. */
export class Volume {
  readonly live: string;
  readonly candidate: string;
  /** Directory of the files that are not live. */
  readonly own: string;
  readonly #lastGood: string;
  readonly #state: string;
  readonly #rejected: string;
  readonly #access: Access;
  readonly #file: LiveFile;
  #remembered: PublishedState | undefined;
  #synced: Promise<void> = Promise.resolve();
  /** Hash of the live file that the server has loaded, while another server of the transaction has not. */
  loaded: string | undefined;

  constructor(destination: string, { stateDirectory, ...access }: VolumeOptions = {}) {
    const own = ownDirectory(destination, stateDirectory);
    this.#access = access;
    this.#file = new LiveFile(destination, join(own, `${basename(destination)}.writing`), access);
    this.own = own;
    this.live = destination;
    this.candidate = join(own, "candidate", basename(destination));
    this.#lastGood = join(own, "last-good", basename(destination));
    this.#rejected = join(own, "rejected", basename(destination));
    this.#state = stateFileOf(destination, stateDirectory);
  }

  /** Returns the live file, or undefined if there is none. Throws WriteError. */
  readLive(): RenderedFile | undefined {
    return this.#file.read();
  }

  /** Whether the live file is overwritten in place, because it cannot be replaced. */
  get isInPlace(): boolean {
    return this.#file.isMounted;
  }

  /** Whether processes that can read the live file can also read the candidate. */
  get isBelowLive(): boolean {
    return !this.isInPlace && this.own === ownDirectory(this.live, undefined);
  }

  /**
   * Repairs a live file that a killed process did not finish writing: restores the last good content, or else completes
   * the new one. Returns whether there was one. Throws WriteError.
   */
  async recover(): Promise<boolean> {
    const wanted = this.#file.torn;
    if (wanted === undefined) return false;
    const candidate = this.readCandidate();
    const text = this.readLastGood() ?? (candidate?.hash === wanted ? candidate : undefined);
    if (text) await this.writeLive(text);
    // A server may have read the file in between, so it is reloaded.
    await this.unconfirm();
    return text !== undefined;
  }

  /** Returns the last good file; undefined if there is none, or if it is not the confirmed one. */
  readLastGood(): RenderedFile | undefined {
    const bytes = readBytes(this.#lastGood);
    const found = bytes && new RenderedFile(bytes);
    const { confirmed } = this.readState();
    return confirmed === "" || found?.hash === confirmed ? found : undefined;
  }

  /** An unreadable state counts as unconfirmed, which causes one more reload. */
  readState(): PublishedState {
    this.#remembered ??= this.#readState();
    return this.#remembered;
  }

  /** Writes the candidate. It is synced to disk while the server checks it. */
  async stage({ bytes }: RenderedFile): Promise<void> {
    await safeWrite(this.candidate, bytes, "nothing", this.#access);
    this.#synced = syncFile(this.candidate);
    // `promote` reports the error; a candidate that is rejected need not be on disk.
    this.#synced.catch(() => undefined);
  }

  /** Returns the candidate that is neither live nor rejected yet. */
  readCandidate(): RenderedFile | undefined {
    const bytes = readBytes(this.candidate);
    return bytes && new RenderedFile(bytes);
  }

  /** Makes the candidate, which has this content, the live file. */
  async promote(text: RenderedFile): Promise<void> {
    this.loaded = undefined;
    await this.#synced;
    await this.#file.take(this.candidate, text);
  }

  /** Moves the candidate to `rejected/`, where an operator can read it and no check of another target reads it. */
  async reject(): Promise<void> {
    await replace(this.candidate, this.#rejected).catch(() => undefined);
  }

  /** Deletes the candidate. */
  discard(): void {
    rmSync(this.candidate, { force: true });
  }

  async writeLive(text: RenderedFile): Promise<void> {
    this.loaded = undefined;
    await this.#file.put(text);
  }

  /** Records the live file as last good, with the next generation. */
  async confirm({ bytes, hash }: RenderedFile): Promise<void> {
    this.loaded = undefined;
    const copy = async () => await safeWrite(this.#lastGood, bytes, "content", this.#access);
    // A hard link to a file that is overwritten in place would change with it.
    if (this.isInPlace) await copy();
    else await link(this.live, this.#lastGood).catch(copy);
    await this.#writeState({ generation: this.readState().generation + 1, confirmed: hash });
  }

  /** Marks the live file as unconfirmed, in memory even if the disk fails. */
  async unconfirm(): Promise<void> {
    this.#remembered = { ...this.readState(), confirmed: "" };
    await this.#writeState(this.#remembered);
  }

  #readState(): PublishedState {
    try {
      return State.parse(JSON.parse(readBytes(this.#state)?.toString() ?? ""));
    } catch {
      return { generation: 0, confirmed: "" };
    }
  }

  /** Not synced: losing it costs one reload. */
  async #writeState(state: PublishedState): Promise<void> {
    await safeWrite(this.#state, Buffer.from(`${JSON.stringify(state)}\n`), "nothing");
    this.#remembered = state;
  }
}
