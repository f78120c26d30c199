import { andThen, type Escaped, type Scalar, wellFormed } from "./formats/format.ts";
import { Verbatim } from "./model.ts";

/** Longest text of one value or helper, in characters: an included file of one MiB. */
const MAX_VALUE_CHARS = 1024 * 1024;

/** Returns what `{{value}}` prints, or why it cannot be printed, as the predicate of a sentence about the value. */
export function printable(value: unknown, escape: (value: Scalar) => Escaped): Escaped {
  if (value instanceof Verbatim) return value;
  if (value === undefined || value === null) return { refused: "is missing" };
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean") {
    return { refused: "is not a scalar; use {{#if}} or {{#each}}" };
  }
  return String(value).length > MAX_VALUE_CHARS ? { refused: "is too long" } : escape(value);
}

/** Returns the text as it is, without control characters other than tabs and line ends. */
export function raw(value: unknown): Escaped {
  return printable(value, (scalar) =>
    // oxlint-disable-next-line no-control-regex -- naming control characters is the point
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/.test(String(scalar))
      ? { refused: "has a control character" }
      : andThen(wellFormed(String(scalar)), (text) => ({ text })),
  );
}
