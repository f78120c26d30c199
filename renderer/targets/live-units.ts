import { readBytes, safeWrite } from "../disk/safe-write.ts";

/** Milliseconds until a change is written. A file that is slightly old only costs some more checks after a crash. */
const DELAY_MS = 5_000;

/** The keys of the units in the live files, kept across restarts: a bisection must know which units it can trust. */
export class LiveUnits {
  readonly #file: string;
  #timer: NodeJS.Timeout | undefined;
  #keys: () => readonly string[] = () => [];

  constructor(file: string) {
    this.#file = file;
  }

  /** The keys that an earlier process wrote. A missing or damaged file has none. */
  read(): ReadonlySet<string> {
    try {
      const found: unknown = JSON.parse(readBytes(this.#file)?.toString() ?? "");
      return new Set(Array.isArray(found) ? found.filter((key) => typeof key === "string") : []);
    } catch {
      return new Set();
    }
  }

  /** Writes these keys soon. */
  changed(keys: () => readonly string[]): void {
    this.#keys = keys;
    this.#timer ??= setTimeout(() => void this.flush(), DELAY_MS).unref();
  }

  /** Writes the last change now. A file that cannot be written is tried again with the next change. */
  async flush(): Promise<void> {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await safeWrite(this.#file, Buffer.from(JSON.stringify(this.#keys())), "nothing").catch(() => undefined);
  }
}
