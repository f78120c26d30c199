/** A text as a file of a format may hold it, or why no text there would mean this value. */
export type Escaped = { readonly text: string } | { readonly refused: string };

/** How values stand in the files of one program. Pure; every character that could end a value early is dealt with. */
export interface Format {
  /** A value where the template has no quotes around it: exactly one value for the program that reads the file. */
  readonly alone: (value: string | number | boolean) => Escaped;
  /** A value between double quotes that stand in the template. */
  readonly inner: (text: string) => Escaped;
  /** The template's own quotes around `{{value}}` would be quotes inside of quotes. */
  readonly hasQuotes: boolean;
}

/** Characters that end a line or are not seen, in formats that have no way to write them. */
// oxlint-disable-next-line no-control-regex -- naming control characters is the point
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029]/;

/** The value's text, unless it is none or has characters that no file of any format should hold. */
export function singleLine(value: string | number | boolean): Escaped {
  const text = String(value);
  if (CONTROL.test(text)) return { refused: "has a line break or a control character" };
  return wellFormed(text);
}

/** Refuses what is no text: NUL, and halves of characters. */
export function wellFormed(text: string): Escaped {
  if (text.includes("\0")) return { refused: "has a NUL character" };
  if (/\p{Surrogate}/u.test(text)) return { refused: "has half a character" };
  return { text };
}

/** What `then` makes of a text that is not refused yet. */
export function andThen(escaped: Escaped, then: (text: string) => Escaped): Escaped {
  return "refused" in escaped ? escaped : then(escaped.text);
}
