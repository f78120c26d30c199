import { andThen, bareBy, type Escaped, type Format, lexemesBy, singleLine } from "./format.ts";

/** Characters that HAProxy reads as one token without quotes. */
const PLAIN = /^[A-Za-z0-9._:/*@+,=-]+$/;

/**
 * HAProxy: plain values bare, others in single quotes, where no character is special. `%` is rejected: in a log format,
 * which the value of a header is, too, it begins a variable or an expression, even in quotes. A value that touches other
 * text has no comma, which separates arguments of an expression.
 */
export const HAPROXY: Format = {
  alone: (value) =>
    andThen(literal(String(value)), (text) => ({
      text: PLAIN.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`,
    })),
  inner: (value) => andThen(literal(value), (text) => ({ text: text.replace(/["\\$]/g, "\\$&") })),
  syntax: {
    lexemes: lexemesBy({
      comment: /#[^\n]*/,
      separator: /[ \t\r\n]+/,
      dquote: /"(?:[^"\\\n]|\\[^\n])*"/,
      squote: /'[^'\n]*'/,
      bare: /(?:\\[ \\"'#]?|[^ \t\r\n"'#\\])+/,
    }),
    joined: bareBy(/^[A-Za-z0-9._:/*@+=-]+$/),
    concatenates: true,
    expression: /\$(?:[\w\0]*|\{[^}]*)$|%(?:\{[^}]*\})?(?:[\w\0]*|\[[^\]]*)$|%\{[^}]*$/,
    wordProblem: (word) =>
      /^[{}]$/.test(word.replace(/["']/g, "")) ? "is a brace, which is a part of a condition in HAProxy" : undefined,
  },
};

function literal(value: string): Escaped {
  return andThen(singleLine(value), (text) =>
    text.includes("%") ? { refused: "has a %, which begins a variable or an expression in HAProxy" } : { text },
  );
}
