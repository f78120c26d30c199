/** One pending timer. A later request never postpones an earlier one. */
export class Timer {
  #timeout: NodeJS.Timeout | undefined;
  #at = Number.POSITIVE_INFINITY;
  #onFire: (() => void) | undefined;

  /** Fires in `ms` milliseconds, unless it already fires earlier. */
  set(ms: number): void {
    const at = performance.now() + ms;
    if (at >= this.#at) return;
    this.clear();
    this.#at = at;
    this.#timeout = setTimeout(() => {
      this.clear();
      this.#onFire?.();
    }, ms).unref();
  }

  /** Resolves when the timer fires next. Supports one waiter at a time. */
  async wait(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#onFire = resolve;
    });
  }

  clear(): void {
    clearTimeout(this.#timeout);
    this.#at = Number.POSITIVE_INFINITY;
  }
}
