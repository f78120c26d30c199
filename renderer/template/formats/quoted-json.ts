import { andThen, type Escaped, type Format, wellFormed } from "./format.ts";

/** Characters beyond those of JSON that YAML and TOML want written as numbers, or that are a line's end somewhere. */
// oxlint-disable-next-line no-control-regex -- naming control characters is the point
const WRITTEN_AS_NUMBER = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

/**
 * JSON, and with it YAML and TOML, whose double quoted texts know the same escapes: a text with its quotes,
 * numbers and truth bare.
 */
export const QUOTED_JSON: Format = {
  alone: (value) => {
    if (typeof value === "string") return andThen(quote(value), (text) => ({ text: `"${text}"` }));
    if (typeof value === "number" && !Number.isFinite(value)) return { refused: "is not a finite number" };
    return { text: String(value) };
  },
  inner: quote,
  hasQuotes: true,
};

function quote(value: string): Escaped {
  return andThen(wellFormed(value), (text) => ({
    text: JSON.stringify(text).slice(1, -1).replace(WRITTEN_AS_NUMBER, asNumber),
  }));
}

function asNumber(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
