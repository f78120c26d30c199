/** One thing that docker-gen's own tests show, and the test of what is so here. */
export interface Row {
  /** What they show, in words of ours. */
  readonly shows: string;
  /** What is so here and why, where it is something else; without it the same. */
  readonly here?: string;
  readonly run: () => void | Promise<void>;
}

/** Rows about one part of docker-gen. */
export interface Topic {
  readonly name: string;
  readonly rows: readonly Row[];
}
