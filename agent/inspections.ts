/** Maximum concurrent inspections. */
const CONCURRENCY = 8;

/**
 * Runs `inspect` for containers with limited concurrency, never twice at once for the same container. A
 * request for an id that is being inspected schedules exactly one more inspection afterwards; `isOutdated`
 * makes the running one discard its result.
 */
export class Inspections {
  readonly #inspect: (id: string, isOutdated: () => boolean) => Promise<void>;
  readonly #queue = new Set<string>();
  /** Ids being inspected, with whether to inspect them again. */
  readonly #running = new Map<string, boolean>();
  #idle: (() => void)[] = [];

  /** `inspect` must not reject. */
  constructor(inspect: (id: string, isOutdated: () => boolean) => Promise<void>) {
    this.#inspect = inspect;
  }

  request(id: string): void {
    if (this.#running.has(id)) this.#running.set(id, true);
    else this.#queue.add(id);
    this.#next();
  }

  /** Marks a running inspection of this container as outdated, because newer state is known. */
  outdate(id: string): void {
    if (this.#running.has(id)) this.request(id);
  }

  /** Resolves when nothing is queued or running. */
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
    await this.#inspect(id, () => this.#running.get(id) === true);
    if (this.#running.get(id) === true) this.#queue.add(id);
    this.#running.delete(id);
    this.#next();
  }
}
