import { type Backoff, backoffMs } from "../../shared/backoff.ts";

/** When to try again: later each time. All times are milliseconds of one clock, the caller's. */
export class Retry {
  #failures = 0;
  #dueAt: number | undefined;

  /** Undefined while nothing failed, or while trying again would change nothing. */
  get dueAt(): number | undefined {
    return this.#dueAt;
  }

  /** One more failure. `jitter` is from 0 to 1. */
  failed(now: number, bounds: Backoff, jitter: number): void {
    this.#dueAt = now + backoffMs(this.#failures, jitter, bounds);
    this.#failures += 1;
  }

  clear(): void {
    this.#failures = 0;
    this.#dueAt = undefined;
  }
}
