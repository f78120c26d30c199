import { rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import * as z from "zod";
import { Printed } from "./printed.ts";
import { type Access, identify, link, readBytes, replace, safeWrite } from "./safe-write.ts";

const State = z.strictObject({ generation: z.int().nonnegative(), confirmed: z.string().max(64) });

/** What is known across restarts: the hash of the configuration that new workers confirmed. */
export type PublishedState = z.infer<typeof State>;

/** The files of one target: live, candidate, last good, and what is confirmed. docs/architecture.md draws them. */
export class Volume {
  readonly live: string;
  readonly candidate: string;
  /** Directory of the files that are not live. */
  readonly own: string;
  readonly #lastGood: string;
  readonly #state: string;
  readonly #rejected: string;
  readonly #access: Access;
  /** What the live file held when it had this identity, so that it is read only when somebody else changed it. */
  #seen: { readonly printed: Printed; readonly identity: string } | undefined;
  #remembered: PublishedState | undefined;

  constructor(destination: string, access: Access = {}) {
    this.#access = access;
    const own = join(dirname(destination), ".sallyport");
    this.own = own;
    this.live = destination;
    this.candidate = join(own, "candidate", basename(destination));
    this.#lastGood = join(own, "last-good", basename(destination));
    this.#rejected = join(own, "rejected", basename(destination));
    this.#state = join(own, `${basename(destination)}.state.json`);
  }

  /** What is live, or undefined when nothing is. Throws WriteError. */
  readLive(): Printed | undefined {
    const identity = identify(this.live);
    if (identity === undefined) return undefined;
    if (this.#seen?.identity !== identity) {
      const bytes = readBytes(this.live);
      this.#seen = bytes && { printed: new Printed(bytes), identity };
    }
    return this.#seen?.printed;
  }

  /** The last good configuration; undefined when there is none, or when it is not what was confirmed. */
  readLastGood(): Printed | undefined {
    const bytes = readBytes(this.#lastGood);
    const found = bytes && new Printed(bytes);
    const { confirmed } = this.readState();
    return confirmed === "" || found?.hash === confirmed ? found : undefined;
  }

  /** A state that cannot be read says: nothing is confirmed, reload once more. */
  readState(): PublishedState {
    this.#remembered ??= this.#readState();
    return this.#remembered;
  }

  /** Writes the candidate, on disk when this resolves. */
  async stage({ bytes }: Printed): Promise<void> {
    await safeWrite(this.candidate, bytes, "content", this.#access);
  }

  /** What was staged last and neither became live nor was refused. */
  readCandidate(): Printed | undefined {
    const bytes = readBytes(this.candidate);
    return bytes && new Printed(bytes);
  }

  /** Makes the candidate, which holds this text, the live configuration. */
  async promote(text: Printed): Promise<void> {
    const identity = identify(this.candidate);
    await replace(this.candidate, this.live);
    this.#seen = identity === undefined ? undefined : { printed: text, identity };
  }

  /** Puts the candidate aside, where people can read it and no check of another target trips over it. */
  async reject(): Promise<void> {
    await replace(this.candidate, this.#rejected).catch(() => undefined);
  }

  /** Forgets the candidate. */
  discard(): void {
    rmSync(this.candidate, { force: true });
  }

  async goLive(text: Printed): Promise<void> {
    const identity = await safeWrite(this.live, text.bytes, "content and name", this.#access);
    this.#seen = { printed: text, identity };
  }

  /** What is live is confirmed, as the next generation. */
  async remember({ bytes, hash }: Printed): Promise<void> {
    await link(this.live, this.#lastGood).catch(
      async () => await safeWrite(this.#lastGood, bytes, "content", this.#access),
    );
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
