import type { Disclosed } from "./disclosed.ts";
import type { Disclosure } from "./disclosure.ts";

/** Milliseconds a reader may leave a full buffer unread before it is dropped. */
const STALLED_MS = 10_000;

/** How a subscriber reaches its connection. */
export interface Sink {
  /** False when the buffer is full: send no more until `onDrain`. */
  send(frame: Buffer): boolean;
  onDrain(callback: () => void): void;
  drop(reason: "rpc.stalled"): void;
}

/**
 * Feeds one subscribed connection: the complete snapshot, then changes. While the reader is behind,
 * only the ids that changed are remembered, so a slow reader costs no memory and gets the latest.
 */
export class Subscriber {
  readonly #connection: number;
  readonly #disclosed: Disclosed;
  readonly #disclosure: Disclosure;
  readonly #sink: Sink;
  readonly #unsubscribe: () => void;
  #changed = new Set<string>();
  #sentGeneration = 0;
  #parts: Generator<Buffer> | undefined;
  #waiting: NodeJS.Timeout | undefined;

  /** `since` is a generation that the reader holds: while what changed after it is known, nothing else is told. */
  constructor(connection: number, disclosed: Disclosed, disclosure: Disclosure, sink: Sink, since = 0) {
    this.#connection = connection;
    this.#disclosed = disclosed;
    this.#disclosure = disclosure;
    this.#sink = sink;
    const missed = since > 0 ? disclosed.changedSince(since) : undefined;
    if (missed) [this.#sentGeneration, this.#changed] = [since, missed];
    this.#unsubscribe = disclosed.onGeneration((changed) => {
      for (const id of changed) this.#changed.add(id);
      this.#pump();
    });
    sink.onDrain(() => {
      clearTimeout(this.#waiting);
      this.#waiting = undefined;
      this.#pump();
    });
    this.#pump();
  }

  close(): void {
    clearTimeout(this.#waiting);
    this.#unsubscribe();
  }

  #pump(): void {
    while (!this.#waiting) {
      const frame = this.#nextFrame();
      if (!frame) return;
      if (!this.#sink.send(frame)) {
        this.#waiting = setTimeout(() => this.#sink.drop("rpc.stalled"), STALLED_MS).unref();
      }
    }
  }

  #nextFrame(): Buffer | undefined {
    const part = this.#parts?.next();
    if (part && part.done !== true) return part.value;
    this.#parts = undefined;
    const { generation, containers } = this.#disclosed;
    if (generation === this.#sentGeneration) return undefined;
    const span = { base: this.#sentGeneration, generation };
    this.#sentGeneration = generation;
    const ids = new Set(this.#changed);
    this.#changed.clear();
    const delta = span.base > 0 ? this.#disclosure.delta(this.#connection, containers, span, ids) : undefined;
    if (delta) return delta;
    this.#parts = this.#disclosure.snapshot(this.#connection, new Map(containers), generation);
    return this.#parts.next().value as Buffer | undefined;
  }
}
