import { andThen, type Escaped, type Format, wellFormed } from "./formats/format.ts";

/** Longest text one value or helper may make, in characters: an included file of one MiB. */
export const MAX_VALUE_CHARS = 1024 * 1024;

/** A text that is printed as it is, because the template says so. */
export class Raw {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What `{{value}}` prints in this format, or why it cannot be printed, as the end of a sentence about the value. */
export function printable(value: unknown, format: Format): Escaped {
  if (value instanceof Raw) return { text: value.text };
  if (value === undefined || value === null) return { refused: "is missing" };
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") {
    return { refused: "is a list or a record: print its parts with each" };
  }
  if (String(value).length > MAX_VALUE_CHARS) return { refused: "is too long" };
  return format.alone(value);
}

/** The text inside double quotes that stand in the template. */
export function inner(value: unknown, format: Format): Escaped {
  const text = scalarText(value);
  return text === undefined ? printable(value, format) : format.inner(text);
}

/** The text as it is, but for what no text file holds. */
export function raw(value: unknown, format: Format): Escaped {
  const text = scalarText(value);
  if (text === undefined) return printable(value, format);
  // oxlint-disable-next-line no-control-regex -- naming control characters is the point
  if (/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/.test(text)) return { refused: "has a control character" };
  return andThen(wellFormed(text), (whole) => ({ text: whole }));
}

function scalarText(value: unknown): string | undefined {
  const isScalar = typeof value === "string" || typeof value === "number" || typeof value === "boolean";
  return isScalar && String(value).length <= MAX_VALUE_CHARS ? String(value) : undefined;
}
