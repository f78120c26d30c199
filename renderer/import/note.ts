/** What is to be said about an import beside the configuration it makes. */
export interface Note {
  /** `left out`: something is not done any more. `differs`: it is done, in another way. */
  readonly kind: "differs" | "left out";
  /** Sentences for people. What they wrote themselves is quoted by `quoted`. */
  readonly text: string;
  /** Key of the target it is about. */
  readonly key?: string;
}

export function differs(text: string, key?: string): Note {
  return key === undefined ? { kind: "differs", text } : { kind: "differs", text, key };
}

export function leftOut(text: string, key?: string): Note {
  return key === undefined ? { kind: "left out", text } : { kind: "left out", text, key };
}

/** Somebody's text, short and on one line, so that it cannot end a comment. */
export function quoted(value: unknown): string {
  return JSON.stringify(value)?.slice(0, 200) ?? "nothing";
}
