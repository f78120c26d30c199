import { sameContainer } from "../shared/delta.ts";
import { type Container, type Containers, MAX_CONTAINERS } from "../shared/snapshot.ts";
import { TokenBucket } from "./token-bucket.ts";

/** Generations a second in a flood of changes, and how many are made at once before that counts. */
const PACE = { perSecond: 50, burst: 40 };
const PACED_MS = 1_000 / PACE.perSecond;

/** Changes remembered, so that a renderer that was away for a moment need not be told everything. */
const MAX_REMEMBERED = 4_096;

/**
 * What may be told now: the sanitized containers and the generation they make. Changes of one turn
 * of the event loop make one generation, in a flood those of a longer time; before `complete` nothing
 * may be told at all.
 */
export class Disclosed {
  readonly #containers = new Map<string, Container>();
  readonly #listeners = new Set<(changed: ReadonlySet<string>) => void>();
  #changed = new Set<string>();
  /** Ids by the generation that changed them last, oldest first; complete for those after `#forgotten`. */
  readonly #changedAt = new Map<string, number>();
  #forgotten = 0;
  readonly #bucket = new TokenBucket(PACE.perSecond, PACE.burst);
  #generation = 0;
  #complete = false;

  get containers(): Containers {
    return this.#containers;
  }

  /** 0 until everything was read once; then it only grows. */
  get generation(): number {
    return this.#generation;
  }

  /** Containers that were left out because there are too many of them. */
  overflow = 0;

  set(container: Container): void {
    const before = this.#containers.get(container.id);
    if (sameContainer(before, container)) return;
    if (!before && this.#containers.size >= MAX_CONTAINERS) {
      this.overflow += 1;
      return;
    }
    this.#containers.set(container.id, container);
    this.#touch(container.id);
  }

  remove(id: string): void {
    if (this.#containers.delete(id)) this.#touch(id);
  }

  /** Everything Docker has was read: from here on there is a snapshot. */
  complete(): void {
    if (this.#complete) return;
    this.#complete = true;
    this.#changed = new Set(this.#containers.keys());
    this.#flush();
  }

  /** Calls back after each new generation with the ids that differ from the one before. */
  onGeneration(listener: (changed: ReadonlySet<string>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The ids that differ between that generation and the present one; undefined when it is too long ago. */
  changedSince(generation: number): Set<string> | undefined {
    if (generation < this.#forgotten || generation > this.#generation) return undefined;
    return new Set([...this.#changedAt].flatMap(([id, at]) => (at > generation ? [id] : [])));
  }

  #touch(id: string): void {
    if (this.#complete && this.#changed.size === 0) this.#flushSoon();
    this.#changed.add(id);
  }

  #flushSoon(): void {
    if (this.#bucket.take(performance.now())) setImmediate(() => this.#flush());
    else setTimeout(() => this.#flush(), PACED_MS);
  }

  #flush(): void {
    const changed = this.#changed;
    this.#changed = new Set();
    this.#generation += 1;
    this.#remember(changed);
    for (const listener of this.#listeners) listener(changed);
  }

  #remember(changed: ReadonlySet<string>): void {
    for (const id of changed) {
      this.#changedAt.delete(id);
      this.#changedAt.set(id, this.#generation);
    }
    for (const [id, at] of this.#changedAt) {
      if (this.#changedAt.size <= MAX_REMEMBERED) return;
      this.#changedAt.delete(id);
      this.#forgotten = at;
    }
  }
}
