import type { AuditTrail } from "./audit.ts";
import { tokenBucket } from "./token-bucket.ts";

/** Milliseconds between two records of connections that are not recorded one by one. */
const FOLD_MS = 10_000;

type Trail = Pick<AuditTrail, "append">;

/** Records connections one by one up to a rate, and above it only the number of each event, so that they do not fill the trail. */
export class ConnectionRecords {
  readonly #audit: Trail;
  readonly #mayRecord = tokenBucket(0.2, 200);
  readonly #counts = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(audit: Trail) {
    this.#audit = audit;
  }

  /** Returns where a new connection is recorded. `append` returns false for an event that is only counted. */
  open(): Trail {
    return this.#mayRecord()
      ? this.#audit
      : { append: (event, _decision, reason) => this.#count(`${event} ${reason}`) };
  }

  /** Records the numbers, if there are any. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#counts.size === 0) return;
    this.#audit.append("rpc.connect", "note", "rpc.folded", { counts: Object.fromEntries(this.#counts) });
    this.#counts.clear();
  }

  #count(key: string): false {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    this.#timer ??= setTimeout(() => this.flush(), FOLD_MS).unref();
    return false;
  }
}
