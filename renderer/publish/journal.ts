import { rmSync } from "node:fs";
import * as z from "zod";
import type { Part } from "./destination.ts";
import { readBytes, safeWrite } from "../disk/safe-write.ts";

const Entry = z.strictObject({
  /** SHA-256 of each file, by destination. */
  texts: z.record(z.string(), z.string().max(64)),
  /** Every server runs the files; only the confirmation of each file is left to write. */
  isConfirmed: z.boolean(),
});

/** A publication of several files that is in progress. */
export type Entry = z.infer<typeof Entry>;

/**
 * Records on disk which files are published together, from before the first is swapped until all are confirmed. After a
 * crash, recovery reads it.
 */
export class Journal {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** Resolves when the entry is on disk. Throws WriteError. */
  async begin(parts: readonly Part[]): Promise<void> {
    await this.#write(parts, false);
  }

  /** From now on a crash does not roll the files back. */
  async confirm(parts: readonly Part[]): Promise<void> {
    await this.#write(parts, true);
  }

  end(): void {
    rmSync(this.#file, { force: true });
  }

  /** Undefined if nothing was in progress, or if the journal cannot be read. */
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
