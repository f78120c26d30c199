import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import * as z from "zod";
import { identify, link, readText, replace, safeWrite } from "./safe-write.ts";

const State = z.strictObject({ generation: z.int().nonnegative(), confirmed: z.string().max(64) });

/** What is known across restarts: the hash of the configuration that new workers confirmed. */
export type PublishedState = z.infer<typeof State>;

/** A configuration's text with its hash, by which texts are compared across restarts. */
export interface Printed {
  readonly text: string;
  readonly hash: string;
}

/** The text with its hash. */
export function printed(text: string): Printed {
  return { text, hash: createHash("sha256").update(text).digest("hex") };
}

/** The files of one target: live, candidate, last good, and what is confirmed. docs/architecture.md draws them. */
export class Volume {
  readonly live: string;
  readonly candidate: string;
  readonly #lastGood: string;
  readonly #state: string;
  readonly #rejected: string;
  /** What the live file held when it had this identity, so that it is read only when somebody else changed it. */
  #seen: (Printed & { readonly identity: string }) | undefined;
  #remembered: PublishedState | undefined;

  constructor(destination: string) {
    const own = join(dirname(destination), ".sallyport");
    this.live = destination;
    this.candidate = join(own, "candidate", basename(destination));
    this.#lastGood = join(own, "last-good", basename(destination));
    this.#rejected = join(own, "rejected", basename(destination));
    this.#state = join(own, `${basename(destination)}.state.json`);
  }

  /** What is live, or undefined when nothing is. Throws WriteError. */
  async readLive(): Promise<Printed | undefined> {
    const identity = await identify(this.live);
    if (identity === undefined) return undefined;
    if (this.#seen?.identity === identity) return this.#seen;
    const text = await readText(this.live);
    this.#seen = text === undefined ? undefined : { ...printed(text), identity };
    return this.#seen;
  }

  /** The last good configuration; undefined when there is none, or when it is not what was confirmed. */
  async readLastGood(): Promise<string | undefined> {
    const text = await readText(this.#lastGood);
    const { confirmed } = await this.readState();
    return text !== undefined && (confirmed === "" || printed(text).hash === confirmed) ? text : undefined;
  }

  /** A state that cannot be read says: nothing is confirmed, reload once more. */
  async readState(): Promise<PublishedState> {
    this.#remembered ??= await this.#readState();
    return this.#remembered;
  }

  /** Writes the candidate, on disk when this resolves. */
  async stage(text: string): Promise<void> {
    await safeWrite(this.candidate, text, "content");
  }

  /** Makes the candidate, which holds this text, the live configuration. */
  async promote(text: Printed): Promise<void> {
    await replace(this.candidate, this.live);
    await this.#see(text);
  }

  /** Puts the candidate aside, where people can read it and no check of another target trips over it. */
  async reject(): Promise<void> {
    await replace(this.candidate, this.#rejected).catch(() => undefined);
  }

  async goLive(text: string): Promise<void> {
    await safeWrite(this.live, text, "content and name");
    await this.#see(printed(text));
  }

  /** What is live is confirmed. */
  async remember({ text, hash }: Printed, generation: number): Promise<void> {
    await link(this.live, this.#lastGood).catch(async () => await safeWrite(this.#lastGood, text, "content"));
    await this.#writeState({ generation, confirmed: hash });
  }

  /** Nothing is confirmed any more. */
  async forget(generation: number): Promise<void> {
    await this.#writeState({ generation, confirmed: "" });
  }

  async #see(text: Printed): Promise<void> {
    const identity = await identify(this.live);
    this.#seen = identity === undefined ? undefined : { ...text, identity };
  }

  async #readState(): Promise<PublishedState> {
    try {
      return State.parse(JSON.parse((await readText(this.#state)) ?? ""));
    } catch {
      return { generation: 0, confirmed: "" };
    }
  }

  /** Lost in a power cut, it costs one reload: not worth waiting for the disk. */
  async #writeState(state: PublishedState): Promise<void> {
    await safeWrite(this.#state, `${JSON.stringify(state)}\n`, "nothing");
    this.#remembered = state;
  }
}
