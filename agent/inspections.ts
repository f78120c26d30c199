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
  readonly #running = new Map<string, { again: boolean }>();
  #idle: (() => void)[] = [];

  /** `look` must not reject. */
  constructor(look: (id: string, isOld: () => boolean) => Promise<void>) {
    this.#look = look;
  }

  request(id: string): void {
    const running = this.#running.get(id);
    if (running) running.again = true;
    else this.#queue.add(id);
    this.#next();
  }

  /** Something newer is known of it: a look under way brings old news. */
  outdate(id: string): void {
    if (this.#running.has(id)) this.request(id);
  }

  /** Resolves when nothing is queued or under way. */
  async idle(): Promise<void> {
    if (this.#queue.size + this.#running.size === 0) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #next(): void {
    for (const id of this.#queue) {
      if (this.#running.size >= CONCURRENCY) return;
      this.#queue.delete(id);
      void this.#run(id);
    }
    if (this.#running.size > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #run(id: string): Promise<void> {
    const state = { again: false };
    this.#running.set(id, state);
    await this.#look(id, () => state.again);
    this.#running.delete(id);
    if (state.again) this.#queue.add(id);
    this.#next();
  }
}
