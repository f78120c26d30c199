import { type Backoff, backoffMs } from "../../shared/backoff.ts";

/** The time of the next retry, later after each failure. Times are milliseconds of the caller's clock. */
export class Retry {
  #failures = 0;
  #dueAt: number | undefined;

  /** Undefined if no retry is due. */
  get dueAt(): number | undefined {
    return this.#dueAt;
  }

  /** Records a failure. `jitter` is from 0 to 1. */
  failed(now: number, bounds: Backoff, jitter: number): void {
    this.#dueAt = now + backoffMs(this.#failures, jitter, bounds);
    this.#failures += 1;
  }

  clear(): void {
    this.#failures = 0;
    this.#dueAt = undefined;
  }
}
