import type { Backoff } from "../../shared/backoff.ts";
import { Retry } from "../publish/retry.ts";

/** A check may depend on more than the file, and a renderer may have been short of time. */
export const QUARANTINE_RETRY: Backoff = { firstMs: 30_000, capMs: 600_000 };

/** Retries quarantined units by time, each time later. */
export class QuarantineRetry {
  readonly #retryQuarantined: () => void;
  readonly #bounds: Backoff;
  readonly #retry = new Retry();
  #timer: NodeJS.Timeout | undefined;

  constructor(retryQuarantined: () => void, bounds: Backoff = QUARANTINE_RETRY) {
    this.#retryQuarantined = retryQuarantined;
    this.#bounds = bounds;
  }

  /** Something was published, without this number of units. */
  published(quarantined: number): void {
    if (quarantined === 0) {
      this.stop();
      this.#retry.clear();
    } else if (this.#timer === undefined) {
      const now = performance.now();
      this.#retry.failed(now, this.#bounds, Math.random());
      this.#timer = setTimeout(() => this.#due(), (this.#retry.dueAt ?? now) - now).unref();
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #due(): void {
    this.#timer = undefined;
    this.#retryQuarantined();
  }
}
