/** A remark on what was imported, or why something was not. */
export interface Note {
  /** `differs`: Sallyport does it in another way. `skipped`: it is not imported. */
  readonly kind: "differs" | "skipped";
  /** A sentence. User input in it is escaped by `quoted`. */
  readonly text: string;
  /** Key of the target that the note is about. */
  readonly key?: string;
}

export function differs(text: string, key?: string): Note {
  return { kind: "differs", text, ...(key !== undefined && { key }) };
}

export function skipped(text: string, key?: string): Note {
  return { kind: "skipped", text, ...(key !== undefined && { key }) };
}

/** Returns user input as at most 200 characters of printable ASCII, so that it cannot end a comment or move a cursor. */
export function quoted(value: unknown): string {
  const text = JSON.stringify(value)?.slice(0, 200) ?? "nothing";
  return text.replaceAll(/[^\x20-\x7e]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
