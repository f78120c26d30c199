import { andThen, type Escaped, type Format, singleLine } from "./format.ts";

/** Characters that HAProxy reads as one token without quotes. */
const PLAIN = /^[A-Za-z0-9._:/*@+,=-]+$/;

/**
 * HAProxy: plain values bare, others in single quotes, where no character is special. `%[` and `%{` are rejected: they
 * are expressions in every log format, even in quotes.
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
    /%[[{]/.test(text) ? { refused: "has %[ or %{, which is an expression in HAProxy" } : { text },
  );
}
