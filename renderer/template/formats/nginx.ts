import { andThen, type Escaped, type Format, singleLine } from "./format.ts";

/** Characters that nginx reads as one token without quotes. */
const PLAIN = /^[A-Za-z0-9._:/*@+,=-]+$/;

/** nginx: plain values bare, others in double quotes. `$` is rejected: it begins a variable even in quotes. */
export const NGINX: Format = {
  alone: (value) => andThen(quote(String(value)), (text) => ({ text: PLAIN.test(text) ? text : `"${text}"` })),
  inner: quote,
  hasQuotes: true,
};

function quote(value: string): Escaped {
  return andThen(singleLine(value), (text) =>
    text.includes("$")
      ? { refused: "has a $, which begins a variable in nginx" }
      : { text: text.replace(/["\\]/g, "\\$&") },
  );
}
