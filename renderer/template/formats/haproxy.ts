import { andThen, type Escaped, type Format, singleLine } from "./format.ts";

/** What HAProxy reads as one word without quotes. */
const PLAIN = /^[A-Za-z0-9._:/*@+,=-]+$/;

/**
 * HAProxy: plain words bare, others in single quotes, where nothing has a meaning. `%[` and `%{` are expressions
 * wherever a log format is expected, quoted or not: refused.
 */
export const HAPROXY: Format = {
  alone: (value) =>
    andThen(literal(String(value)), (text) => ({
      text: PLAIN.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`,
    })),
  inner: (value) => andThen(literal(value), (text) => ({ text: text.replace(/["\\$]/g, "\\$&") })),
  hasQuotes: true,
};

function literal(value: string): Escaped {
  return andThen(singleLine(value), (text) =>
    /%[[{]/.test(text) ? { refused: "has %[ or %{, which HAProxy takes for an expression" } : { text },
  );
}
