import { Retry } from "../publish/retry.ts";

/** How often those are tried again that are left out: a check looks at more than the file, and a thread may be slow. */
const RETRY_ASIDE = { firstMs: 30_000, capMs: 600_000 };

/** Has those who are set aside tried again now and then, later each time. */
export class RetryAside {
  readonly #tryAgain: () => void;
  readonly #retry = new Retry();
  #timer: NodeJS.Timeout | undefined;

  constructor(tryAgain: () => void) {
    this.#tryAgain = tryAgain;
  }

  /** Something was published without so many. */
  published(aside: number): void {
    if (aside === 0) this.#retry.clear();
    else if (this.#timer === undefined) {
      const now = performance.now();
      this.#retry.failed(now, RETRY_ASIDE, Math.random());
      this.#timer = setTimeout(() => this.#again(), (this.#retry.dueAt ?? now) - now).unref();
    }
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #again(): void {
    this.#timer = undefined;
    this.#tryAgain();
  }
}
