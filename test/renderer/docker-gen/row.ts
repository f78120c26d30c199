/** A behaviour that docker-gen's tests show, and a test of Sallyport's behaviour. */
export interface Row {
  /** The behaviour of docker-gen. */
  readonly shows: string;
  /** Sallyport's behaviour and the reason, if it differs. */
  readonly here?: string;
  readonly run: () => void | Promise<void>;
}

/** Rows about one part of docker-gen. */
export interface Topic {
  readonly name: string;
  readonly rows: readonly Row[];
}
