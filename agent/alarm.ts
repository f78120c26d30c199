/** One pending wake-up; of several requests the earliest counts. */
export class Alarm {
  #timer: NodeJS.Timeout | undefined;
  #at = Number.POSITIVE_INFINITY;
  #ring: (() => void) | undefined;

  /** Rings in `ms` milliseconds unless it was going to ring earlier. */
  set(ms: number): void {
    const at = performance.now() + ms;
    if (at >= this.#at) return;
    this.clear();
    this.#at = at;
    this.#timer = setTimeout(() => {
      this.clear();
      this.#ring?.();
    }, ms).unref();
  }

  /** Resolves when it rings next. One waiter at a time. */
  async wait(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#ring = resolve;
    });
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#at = Number.POSITIVE_INFINITY;
  }
}
