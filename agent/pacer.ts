import { tokenBucket } from "./token-bucket.ts";

/** Actions for one key: a burst, then one in five seconds. A restart of a container needs about five. */
const PER_SECOND = 0.2;
const BURST = 20;

/** Limits how often actions run for one key. Actions over the limit are delayed and merged into one. */
export class Pacer {
  readonly #permits = new Map<string, () => boolean>();
  readonly #delayed = new Map<string, NodeJS.Timeout>();

  run(key: string, action: () => void): void {
    if (this.#delayed.has(key)) return;
    const permit = this.#permits.get(key) ?? tokenBucket(PER_SECOND, BURST);
    this.#permits.set(key, permit);
    if (permit()) return action();
    const later = (): void => {
      this.#delayed.delete(key);
      action();
    };
    this.#delayed.set(key, setTimeout(later, 1_000 / PER_SECOND).unref());
  }

  /** Drops a key, with an action that is pending. */
  forget(key: string): void {
    clearTimeout(this.#delayed.get(key));
    this.#delayed.delete(key);
    this.#permits.delete(key);
  }
}
