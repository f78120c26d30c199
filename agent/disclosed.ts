import type * as z from "zod";
import type { Result, SwarmState } from "../shared/rpc.ts";
import { type Container, type Containers, isSameContainer, MAX_CONTAINERS } from "../shared/snapshot.ts";
import { Disclosures } from "./disclosure.ts";
import { Pacer } from "./pacer.ts";
import { tokenBucket } from "./token-bucket.ts";

/** Maximum generations per second under a flood of changes, and the burst allowed before that limit applies. */
const PACE = { perSecond: 50, burst: 40 };
const PACED_MS = 1_000 / PACE.perSecond;

/** The same under a sustained flood, and the interval between generations once the burst is used up. */
const SUSTAINED = { perSecond: 2, burst: 2_000 };
const SUSTAINED_MS = 1_000 / SUSTAINED.perSecond;

/** Changed ids to remember, so that a renderer that reconnects receives a delta instead of a full snapshot. */
const MAX_REMEMBERED = 4_096;

/**
 * State that may be sent to renderers: Docker's state, the sanitized containers and their generation.
 * Changes within one turn of the event loop form one generation; under a flood the interval is longer.
 * No container may be sent before `complete` was called.
 */
export class Disclosed {
  readonly disclosures = new Disclosures();
  readonly #containers = new Map<string, Container>();
  readonly #listeners = new Set<() => void>();
  readonly #mayFlushNow = tokenBucket(PACE.perSecond, PACE.burst);
  readonly #mayFlushSoon = tokenBucket(SUSTAINED.perSecond, SUSTAINED.burst);
  /** Containers skipped because of the limit. When there is room, they return in this order. */
  readonly #skipped = new Map<string, Container>();
  readonly #pacer = new Pacer();
  /** Generations of the last changes, by id. The latest one is last. */
  readonly #changedAt = new Map<string, number>();
  /** The generation of the last change that is not remembered. */
  #forgotten = 0;
  #isPending = false;
  #generation = 0;
  #lacksTasks = false;
  #docker: Result<"health">["docker"] = "connecting";

  get containers(): Containers {
    return this.#containers;
  }

  /** 0 until the first complete read; increases by one with each change after that. */
  get generation(): number {
    return this.#generation;
  }

  get docker(): Result<"health">["docker"] {
    return this.#docker;
  }

  set docker(state: Result<"health">["docker"]) {
    this.#docker = state;
    this.#notify();
  }

  /** Number of containers skipped because MAX_CONTAINERS was reached. */
  get overflow(): number {
    return this.#skipped.size;
  }

  /** Number of entries in Docker's last list that could not be read. */
  unlisted = 0;

  /** Returns the state of the swarm that the agent follows. */
  swarm?: () => z.infer<typeof SwarmState>;

  /** Whether the tasks of the swarm are not known yet. Afterwards a complete snapshot follows. */
  get lacksTasks(): boolean {
    return this.#lacksTasks;
  }

  set lacksTasks(lacksTasks: boolean) {
    if (lacksTasks === this.#lacksTasks) return;
    this.#lacksTasks = lacksTasks;
    if (this.#generation === 0) return;
    this.#forgotten = ++this.#generation;
    this.#notify();
  }

  /** How often Docker's event stream ended. */
  streamEnds = 0;

  /** Number of containers that could not be read. */
  get unreadable(): number {
    return this.unlisted + [...this.#containers.values()].filter(({ unread }) => unread).length;
  }

  set(container: Container): void {
    const before = this.#containers.get(container.id);
    if (isSameContainer(before, container)) return;
    if (!before && this.#containers.size >= MAX_CONTAINERS) return void this.#skipped.set(container.id, container);
    this.#skipped.delete(container.id);
    this.#containers.set(container.id, container);
    if (this.#generation > 0) this.#pacer.run(container.id, () => this.#touch(container.id));
  }

  /** Removes a container, and discloses one that was skipped. */
  remove(id: string): void {
    this.#skipped.delete(id);
    if (!this.#containers.delete(id)) return;
    this.#pacer.forget(id);
    this.#touch(id);
    const [next] = this.#skipped.values();
    if (next) this.set(next);
  }

  /** Marks the first complete read: a snapshot exists from now on. */
  complete(): void {
    if (this.#generation > 0) return;
    this.#generation = 1;
    this.#notify();
  }

  /** Calls the listener after each generation and each change of Docker's state. Returns a function that unsubscribes it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Returns the ids changed since that generation; undefined when they are no longer remembered. */
  changedSince(generation: number): string[] | undefined {
    if (generation < this.#forgotten || generation > this.#generation) return undefined;
    return [...this.#changedAt].flatMap(([id, at]) => (at > generation ? id : []));
  }

  /** Adds a change to the next generation. */
  #touch(id: string): void {
    if (this.#generation === 0) return;
    this.#changedAt.delete(id);
    this.#changedAt.set(id, this.#generation + 1);
    if (this.#isPending) return;
    this.#isPending = true;
    if (!this.#mayFlushSoon()) setTimeout(() => this.#flush(), SUSTAINED_MS);
    else if (this.#mayFlushNow()) setImmediate(() => this.#flush());
    else setTimeout(() => this.#flush(), PACED_MS);
  }

  #flush(): void {
    this.#isPending = false;
    this.#generation += 1;
    for (const [id, at] of this.#changedAt) {
      if (this.#changedAt.size <= MAX_REMEMBERED) break;
      this.#changedAt.delete(id);
      this.#forgotten = at;
    }
    this.#notify();
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}
