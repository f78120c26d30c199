/** Looks at Docker under way at once. */
const CONCURRENCY = 8;

/**
 * Runs `look` for containers, a few at a time and never twice at once for the same one. An id asked
 * for while its look is under way is looked at once more afterwards, however often it was asked:
 * what the first look brought is already old then and is dropped (`look` is told so).
 */
export class Inspections {
  readonly #look: (id: string, isOld: () => boolean) => Promise<void>;
  readonly #queue = new Set<string>();
  /** Ids under way, with whether to look again. */
  readonly #running = new Map<string, boolean>();
  #idle: (() => void)[] = [];

  /** `look` must not reject. */
  constructor(look: (id: string, isOld: () => boolean) => Promise<void>) {
    this.#look = look;
  }

  request(id: string): void {
    if (this.#running.has(id)) this.#running.set(id, true);
    else this.#queue.add(id);
    this.#next();
  }

  /** Something newer is known of it: a look under way brings old news. */
  outdate(id: string): void {
    if (this.#running.has(id)) this.request(id);
  }

  /** Resolves when nothing is queued or under way. */
  async idle(): Promise<void> {
    if (this.#queue.size + this.#running.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #next(): void {
    for (const id of this.#queue) {
      if (this.#running.size >= CONCURRENCY) return;
      this.#queue.delete(id);
      void this.#run(id);
    }
    if (this.#running.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #run(id: string): Promise<void> {
    this.#running.set(id, false);
    await this.#look(id, () => this.#running.get(id) === true);
    if (this.#running.get(id) === true) this.#queue.add(id);
    this.#running.delete(id);
    this.#next();
  }
}
