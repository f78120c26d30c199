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

/** Somebody's text, short and on one line of printable ASCII, so that it ends no comment and moves no cursor. */
export function quoted(value: unknown): string {
  const text = JSON.stringify(value)?.slice(0, 200) ?? "nothing";
  return text.replaceAll(/[^\x20-\x7e]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
