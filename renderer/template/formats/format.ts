/** What a template can print. */
export type Scalar = string | number | boolean;

/** The text of a value in a file of a format, or the reason why the format cannot express it, as a predicate. */
export type Escaped = { readonly text: string } | { readonly refused: string };

/** How values are written in the files of one program. Pure. No character of a value can end the value early. */
export interface Format {
  /** A value without quotes of the template around it: exactly one value for the program that reads the file. */
  readonly alone: (value: Scalar) => Escaped;
  /** A value between double quotes that are in the template. */
  readonly inner: (text: string) => Escaped;
  /** Whether `alone` may write quotes, so that quotes of the template around `{{value}}` would be doubled. */
  readonly hasQuotes: boolean;
}

/** Line ends and control characters, for formats that cannot escape them. */
// oxlint-disable-next-line no-control-regex -- naming control characters is the point
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029]/;

/** Returns the value's text; rejects line ends, control characters and what `wellFormed` rejects. */
export function singleLine(value: Scalar): Escaped {
  const text = String(value);
  if (CONTROL.test(text)) return { refused: "has a line break or a control character" };
  return wellFormed(text);
}

/** Rejects NUL and unpaired surrogates. */
export function wellFormed(text: string): Escaped {
  if (text.includes("\0")) return { refused: "has a NUL character" };
  if (/\p{Surrogate}/u.test(text)) return { refused: "has an unpaired surrogate" };
  return { text };
}

/** Passes the text to `then`, unless it is refused already. */
export function andThen(escaped: Escaped, then: (text: string) => Escaped): Escaped {
  return "refused" in escaped ? escaped : then(escaped.text);
}
