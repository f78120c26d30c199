import { sameContainer } from "../shared/delta.ts";
import type { Result } from "../shared/rpc.ts";
import { type Container, type Containers, MAX_CONTAINERS } from "../shared/snapshot.ts";
import { tokenBucket } from "./token-bucket.ts";

/** Generations a second in a flood of changes, and how many are made at once before that counts. */
const PACE = { perSecond: 50, burst: 40 };
const PACED_MS = 1_000 / PACE.perSecond;

/** Changes remembered, so that a renderer that was away or slow for a moment need not be told everything. */
const MAX_REMEMBERED = 4_096;

/**
 * What may be told now: how Docker is, the sanitized containers and the generation they make. Changes
 * of one turn of the event loop make one generation, in a flood those of a longer time; before
 * `complete` no container may be told at all.
 */
export class Disclosed {
  readonly #containers = new Map<string, Container>();
  readonly #listeners = new Set<() => void>();
  readonly #mayTellNow = tokenBucket(PACE.perSecond, PACE.burst);
  #changed = new Set<string>();
  /** Ids changed by the last generations, the present one last. */
  readonly #history: ReadonlySet<string>[] = [];
  #remembered = 0;
  #generation = 0;
  #docker: Result<"health">["docker"] = "connecting";

  get containers(): Containers {
    return this.#containers;
  }

  /** 0 until everything was read once; then it only grows. */
  get generation(): number {
    return this.#generation;
  }

  get docker(): Result<"health">["docker"] {
    return this.#docker;
  }

  set docker(state: Result<"health">["docker"]) {
    this.#docker = state;
    this.#tell();
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
    if (this.#generation > 0) return;
    this.#generation = 1;
    this.#tell();
  }

  /** Calls back after each new generation and change of Docker's state, until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The ids that differ between that generation and the present one; undefined when it is too long ago. */
  changedSince(generation: number): Set<string> | undefined {
    const missed = this.#generation - generation;
    if (missed < 0 || missed > this.#history.length) return undefined;
    return new Set(this.#history.slice(this.#history.length - missed).flatMap((ids) => [...ids]));
  }

  #touch(id: string): void {
    if (this.#generation === 0) return;
    const isPending = this.#changed.size > 0;
    this.#changed.add(id);
    if (isPending) return;
    if (this.#mayTellNow()) setImmediate(() => this.#flush());
    else setTimeout(() => this.#flush(), PACED_MS);
  }

  #flush(): void {
    this.#generation += 1;
    this.#history.push(this.#changed);
    this.#remembered += this.#changed.size;
    this.#changed = new Set();
    while (this.#remembered > MAX_REMEMBERED) this.#remembered -= this.#history.shift()?.size ?? 0;
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
