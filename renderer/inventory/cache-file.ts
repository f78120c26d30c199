import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import type * as z from "zod";
import type { Log } from "../../shared/log.ts";
import { safeWrite } from "../disk/safe-write.ts";

/** Only this process may read what is cached. */
const OWN = { mode: 0o600 };

/** What a cache file contains; `damaged`: why it cannot be used. */
export type CacheContent<T> =
  | { readonly kind: "value"; readonly value: T }
  | { readonly kind: "missing" }
  | { readonly kind: "damaged"; readonly reason: string };

/** A JSON file that one process keeps up to date across its restarts. */
export class CacheFile<T> {
  readonly path: string;
  readonly #schema: z.ZodType<T>;
  readonly #intervalMs: number;
  readonly #log: Log;
  #timer: NodeJS.Timeout | undefined;
  #current: (() => T) | undefined;
  #writing: Promise<void> = Promise.resolve();
  #lastError = "";

  /** `intervalMs`: milliseconds between two writes. */
  constructor(path: string, schema: z.ZodType<T>, intervalMs: number, log: Log) {
    this.path = path;
    this.#schema = schema;
    this.#intervalMs = intervalMs;
    this.#log = log;
  }

  read(): CacheContent<T> {
    try {
      return { kind: "value", value: this.#schema.parse(JSON.parse(readFileSync(this.path, "utf8"))) };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT") return { kind: "missing" };
      return {
        kind: "damaged",
        reason: code === undefined ? "its content is not valid" : `it cannot be read (${code})`,
      };
    }
  }

  get exists(): boolean {
    return existsSync(this.path);
  }

  /** Schedules a write. The first one is immediate. */
  changed(current: () => T): void {
    this.#current = current;
    this.#timer ??= setTimeout(() => void this.flush(), this.exists ? this.#intervalMs : 0).unref();
  }

  /** Writes what is scheduled, and resolves when it is on disk. Errors are logged. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const current = this.#current;
    this.#current = undefined;
    if (current) this.#writing = this.#writing.then(async () => await this.#write(current()));
    await this.#writing;
  }

  async #write(value: T): Promise<void> {
    const directory = dirname(this.path);
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      await safeWrite(this.path, Buffer.from(JSON.stringify(value)), "content", OWN);
      this.#lastError = "";
    } catch (caught) {
      const error = caught instanceof Error ? caught.message : "unknown";
      if (error !== this.#lastError) this.#log("warn", "cache.failed", { path: directory, error });
      this.#lastError = error;
    }
  }
}
