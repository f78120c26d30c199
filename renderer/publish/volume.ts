import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import * as z from "zod";
import { ensureDirectory, readText, safeWrite } from "./safe-write.ts";

const State = z.strictObject({ generation: z.int().nonnegative(), confirmed: z.string().max(64) });

/** What is known across restarts: the hash of the configuration that new workers confirmed. */
export type PublishedState = z.infer<typeof State>;

/** The files of one target: live, candidate, last good, and what is confirmed. docs/architecture.md draws them. */
export class Volume {
  readonly live: string;
  readonly candidate: string;
  readonly #lastGood: string;
  readonly #state: string;

  constructor(destination: string) {
    const own = join(dirname(destination), ".sallyport");
    this.live = destination;
    this.candidate = join(own, "candidate", basename(destination));
    this.#lastGood = join(own, "last-good", basename(destination));
    this.#state = join(own, `${basename(destination)}.state.json`);
  }

  async readLive(): Promise<string | undefined> {
    return await readText(this.live);
  }

  async readLastGood(): Promise<string | undefined> {
    return await readText(this.#lastGood);
  }

  /** A state that cannot be read says: nothing is confirmed, reload once more. */
  async readState(): Promise<PublishedState> {
    try {
      return State.parse(JSON.parse((await readText(this.#state)) ?? ""));
    } catch {
      return { generation: 0, confirmed: "" };
    }
  }

  async stage(text: string): Promise<void> {
    await ensureDirectory(dirname(this.candidate));
    await safeWrite(this.candidate, text);
  }

  async goLive(text: string): Promise<void> {
    await safeWrite(this.live, text);
  }

  async remember(text: string, state: PublishedState): Promise<void> {
    await ensureDirectory(dirname(this.#lastGood));
    await safeWrite(this.#lastGood, text);
    await this.#writeState(state);
  }

  /** Nothing is confirmed any more. */
  async forget(generation: number): Promise<void> {
    await this.#writeState({ generation, confirmed: "" });
  }

  async #writeState(state: PublishedState): Promise<void> {
    await safeWrite(this.#state, `${JSON.stringify(state)}\n`);
  }
}

/** How texts are compared across restarts. */
export function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
