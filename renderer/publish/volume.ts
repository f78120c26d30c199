import { rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import * as z from "zod";
import { LiveFile } from "./live-file.ts";
import { RenderedFile } from "./rendered-file.ts";
import { type Access, link, readBytes, replace, safeWrite } from "../disk/safe-write.ts";

const State = z.strictObject({ generation: z.int().nonnegative(), confirmed: z.string().max(64) });

/** What is known across restarts: the hash of the configuration that new workers confirmed. */
export type PublishedState = z.infer<typeof State>;

/** How the files of a target are, and where they are besides the one that is live. */
export interface Keeping extends Access {
  readonly stateDirectory?: string | undefined;
}

/** Where the files of a target are that are not live: beside the one that is, unless told otherwise. */
export function ownDirectory(destination: string, stateDirectory: string | undefined): string {
  return stateDirectory === undefined
    ? join(dirname(destination), ".sallyport")
    : join(stateDirectory, dirname(destination));
}

/** The files of one target: live, candidate, last good, and what is confirmed. docs/explanation/architecture.md draws them. */
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

  constructor(destination: string, { stateDirectory, ...access }: Keeping = {}) {
    const own = ownDirectory(destination, stateDirectory);
    this.#access = access;
    this.#file = new LiveFile(destination, join(own, `${basename(destination)}.writing`), access);
    this.own = own;
    this.live = destination;
    this.candidate = join(own, "candidate", basename(destination));
    this.#lastGood = join(own, "last-good", basename(destination));
    this.#rejected = join(own, "rejected", basename(destination));
    this.#state = join(own, `${basename(destination)}.state.json`);
  }

  /** What is live, or undefined when nothing is. Throws WriteError. */
  readLive(): RenderedFile | undefined {
    return this.#file.read();
  }

  /** Whether the live file is written into, for it cannot be replaced. */
  get isInPlace(): boolean {
    return this.#file.isMounted;
  }

  /** Whether who reads the live file can see the candidate, too. */
  get isBeside(): boolean {
    return !this.isInPlace && this.own === ownDirectory(this.live, undefined);
  }

  /**
   * A live file that was being written into when a process was killed is again what was last good, or else becomes what
   * it was to be. False when there was none. Throws WriteError.
   */
  async recover(): Promise<boolean> {
    const wanted = this.#file.torn;
    if (wanted === undefined) return false;
    const candidate = this.readCandidate();
    const text = this.readLastGood() ?? (candidate?.hash === wanted ? candidate : undefined);
    if (text) await this.goLive(text);
    // Whoever read the file meanwhile is told to read it again.
    await this.forget();
    return text !== undefined;
  }

  /** The last good configuration; undefined when there is none, or when it is not what was confirmed. */
  readLastGood(): RenderedFile | undefined {
    const bytes = readBytes(this.#lastGood);
    const found = bytes && new RenderedFile(bytes);
    const { confirmed } = this.readState();
    return confirmed === "" || found?.hash === confirmed ? found : undefined;
  }

  /** A state that cannot be read says: nothing is confirmed, reload once more. */
  readState(): PublishedState {
    this.#remembered ??= this.#readState();
    return this.#remembered;
  }

  /** Writes the candidate, on disk when this resolves. */
  async stage({ bytes }: RenderedFile): Promise<void> {
    await safeWrite(this.candidate, bytes, "content", this.#access);
  }

  /** What was staged last and neither became live nor was refused. */
  readCandidate(): RenderedFile | undefined {
    const bytes = readBytes(this.candidate);
    return bytes && new RenderedFile(bytes);
  }

  /** Makes the candidate, which holds this text, the live configuration. */
  async promote(text: RenderedFile): Promise<void> {
    await this.#file.take(this.candidate, text);
  }

  /** Puts the candidate aside, where people can read it and no check of another target trips over it. */
  async reject(): Promise<void> {
    await replace(this.candidate, this.#rejected).catch(() => undefined);
  }

  /** Forgets the candidate. */
  discard(): void {
    rmSync(this.candidate, { force: true });
  }

  async goLive(text: RenderedFile): Promise<void> {
    await this.#file.put(text);
  }

  /** What is live is confirmed, as the next generation. */
  async remember({ bytes, hash }: RenderedFile): Promise<void> {
    const copy = async () => await safeWrite(this.#lastGood, bytes, "content", this.#access);
    // A second name of a file that is written into would be another text with the next one.
    if (this.isInPlace) await copy();
    else await link(this.live, this.#lastGood).catch(copy);
    await this.#writeState({ generation: this.readState().generation + 1, confirmed: hash });
  }

  /** Nothing is confirmed any more, also if that cannot be written down. */
  async forget(): Promise<void> {
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

  /** Lost in a power cut, it costs one reload: not worth waiting for the disk. */
  async #writeState(state: PublishedState): Promise<void> {
    await safeWrite(this.#state, Buffer.from(`${JSON.stringify(state)}\n`), "nothing");
    this.#remembered = state;
  }
}
