/** A running program under measurement, which keeps its file current. */
export interface Running {
  /** Process ids by their names in the tables. */
  readonly pids: Readonly<Record<string, number>>;
  /** Start of the first process, in nanoseconds of the monotonic clock. */
  readonly begun: bigint;
  stop(): Promise<void>;
}

/** The paths of a subject. */
export interface Paths {
  /** An empty directory for the subject alone, writable for all users. */
  readonly directory: string;
  readonly dockerSocket: string;
  readonly file: string;
}

export interface Subject {
  readonly name: "docker-gen" | "floor" | "sallyport";
  /** Maximum number of containers, above which the benchmark would take too long. */
  readonly atMost: number;
  start(paths: Paths): Promise<Running>;
}
