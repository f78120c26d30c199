import { rmSync } from "node:fs";
import * as z from "zod";
import type { Part } from "./destination.ts";
import { readBytes, safeWrite } from "../disk/safe-write.ts";

const Entry = z.strictObject({
  /** Texts by destination, as SHA-256. */
  texts: z.record(z.string(), z.string().max(64)),
  /** Every server has taken them up; what is still to do is to remember that for each. */
  isConfirmed: z.boolean(),
});

/** What several files are about to become, or have become. */
export type Entry = z.infer<typeof Entry>;

/**
 * Says on disk which texts are put into place together, from before the first is until all are remembered: whoever
 * starts after a crash in between reads here what belongs together.
 */
export class Journal {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** On disk when it resolves. Throws WriteError. */
  async begin(parts: readonly Part[]): Promise<void> {
    await this.#write(parts, false);
  }

  /** From here on a crash does not undo them. */
  async confirm(parts: readonly Part[]): Promise<void> {
    await this.#write(parts, true);
  }

  end(): void {
    rmSync(this.#file, { force: true });
  }

  /** Undefined when nothing was under way, or when it cannot be read. */
  read(): Entry | undefined {
    try {
      return Entry.parse(JSON.parse(readBytes(this.#file)?.toString() ?? ""));
    } catch {
      return undefined;
    }
  }

  async #write(parts: readonly Part[], isConfirmed: boolean): Promise<void> {
    const texts = Object.fromEntries(parts.map(({ volume, wanted }) => [volume.live, wanted.hash]));
    await safeWrite(this.#file, Buffer.from(`${JSON.stringify({ texts, isConfirmed })}\n`), "content and name");
  }
}
