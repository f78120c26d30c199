import type { Log } from "../../shared/log.ts";

/** How one target stands, for the status. Times are milliseconds since the epoch. */
export interface TargetState {
  readonly destination: string;
  readonly pending: boolean;
  readonly problem: string | undefined;
  /** What should be otherwise although all is live. */
  readonly warning: string | undefined;
  readonly publishedAt: number | undefined;
  readonly generation: number;
  readonly liveHash: string | undefined;
  /** The latest first. */
  readonly publications: readonly Publication[];
}

/** One attempt to publish, and what came of it. `hash` is the SHA-256 of what is live since. */
export interface Publication {
  readonly at: number;
  readonly outcome: "published" | "refused" | "pending";
  readonly generation: number;
  readonly hash?: string;
  readonly reason?: string;
}

/** Publications that are kept of a target: enough to see what happened last. */
const MAX_PUBLICATIONS = 10;

/** What became of one target, told to the log when it changes and kept for the status. */
export class TargetProgress {
  readonly #log: Log;
  #state: TargetState;

  constructor(destination: string, log: Log) {
    this.#log = log;
    const nothing = {
      problem: undefined,
      warning: undefined,
      publishedAt: undefined,
      liveHash: undefined,
      publications: [],
    };
    this.#state = { destination, pending: false, generation: 0, ...nothing };
  }

  get state(): TargetState {
    return this.#state;
  }

  /** A first configuration without routes was put into place. */
  began(): void {
    this.#log("info", "publish.first", { destination: this.#state.destination });
  }

  /** The generation that is live from before this process. */
  remembers(generation: number): void {
    this.#state = { ...this.#state, generation };
  }

  /** Said once. */
  warn(warning: string): void {
    if (this.#state.warning === warning) return;
    this.#state = { ...this.#state, warning };
    this.#log("warn", "publish.inplace", { destination: this.#state.destination, warning });
  }

  /** What is live is what is wanted; with a generation when it was published just now. */
  isLive(hash: string, generation?: number): void {
    this.#state = { ...this.#state, pending: false, problem: undefined, liveHash: hash };
    if (generation === undefined) return;
    this.#state = { ...this.#state, publishedAt: Date.now(), generation };
    this.#note({ outcome: "published", generation, hash });
    this.#log("info", "publish.ok", { destination: this.#state.destination, generation, sha256: hash });
  }

  /** Said once, however often it is tried. */
  troubled(kind: "refused" | "pending", reason: string): void {
    const isNew = reason !== this.#state.problem;
    this.#state = { ...this.#state, pending: true, problem: reason };
    const level = kind === "refused" ? "error" : "warn";
    if (isNew) this.#note({ outcome: kind, generation: this.#state.generation, reason });
    if (isNew) this.#log(level, `publish.${kind}`, { destination: this.#state.destination, reason });
  }

  #note(publication: Omit<Publication, "at">): void {
    const publications = [{ at: Date.now(), ...publication }, ...this.#state.publications];
    this.#state = { ...this.#state, publications: publications.slice(0, MAX_PUBLICATIONS) };
  }
}
