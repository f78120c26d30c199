import { andThen, type Escaped, type Format, singleLine } from "./format.ts";

/** What nginx reads as one word without quotes. */
const PLAIN = /^[A-Za-z0-9._:/*@+,=-]+$/;

/** nginx: plain words bare, others in double quotes. A `$` is a variable there, quoted or not: refused. */
export const NGINX: Format = {
  alone: (value) => andThen(quote(String(value)), (text) => ({ text: PLAIN.test(text) ? text : `"${text}"` })),
  inner: quote,
  hasQuotes: true,
};

function quote(value: string): Escaped {
  return andThen(singleLine(value), (text) =>
    text.includes("$")
      ? { refused: "has a $, which nginx takes for a variable" }
      : { text: text.replace(/["\\]/g, "\\$&") },
  );
}
