import { andThen, type Escaped, type Format, wellFormed } from "./format.ts";

/** Characters that JSON allows and YAML or TOML require to be escaped, or that end a line in some format. */
// oxlint-disable-next-line no-control-regex -- naming control characters is the point
const ESCAPED = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

/** JSON, and YAML and TOML, whose double-quoted texts have the same escapes: texts in quotes, numbers and booleans bare. */
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
    text: JSON.stringify(text).slice(1, -1).replace(ESCAPED, unicodeEscape),
  }));
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
