/** A program under measurement, running: what is written to `file` follows the engine. */
export interface Running {
  /** Processes by what they are called in the tables. */
  readonly pids: Readonly<Record<string, number>>;
  /** When the first of them was started: nanoseconds of the monotonic clock. */
  readonly begun: bigint;
  stop(): Promise<void>;
}

/** Where a subject finds its engine and puts what it makes. */
export interface Places {
  /** Empty, writable for anybody, and the subject's own. */
  readonly directory: string;
  readonly dockerSocket: string;
  readonly file: string;
}

export interface Subject {
  readonly name: "docker-gen" | "floor" | "sallyport";
  /** More containers than this would take the bench too long. */
  readonly atMost: number;
  start(places: Places): Promise<Running>;
}
