import { andThen, bareBy, type Escaped, type Format, lexemesBy, singleLine } from "./format.ts";

/** Characters that nginx reads as one token without quotes. */
const PLAIN = /^[A-Za-z0-9._:/*@+,=-]+$/;

/**
 * nginx: plain values bare, others in double quotes. `$` is rejected: it begins a variable even in quotes. A quote inside
 * of a word is an ordinary character for nginx, so a value that touches other text cannot be quoted.
 */
export const NGINX: Format = {
  alone: (value) => andThen(quote(String(value)), (text) => ({ text: PLAIN.test(text) ? text : `"${text}"` })),
  inner: quote,
  syntax: {
    lexemes: lexemesBy({
      comment: /#[^\n]*/,
      separator: /[ \t\r\n;{}]+/,
      dquote: /"(?:[^"\\]|\\[^])*"/,
      squote: /'(?:[^'\\]|\\[^])*'/,
      // A block of Lua has its own syntax.
      bare: /(?!["']|\w+_by_lua_block\b)(?:\$\{+|\\[^]|[^ \t\r\n;{\\])+/,
    }),
    joined: bareBy(PLAIN),
    concatenates: false,
    expression: /\$(?:[\w\0]*|\{[^}]*)$/,
    wordProblem: (word) =>
      /^(["']?)include\1$/.test(word) ? "is `include`, with which nginx reads a file, even in quotes" : undefined,
  },
};

function quote(value: string): Escaped {
  return andThen(singleLine(value), (text) =>
    text.includes("$")
      ? { refused: "has a $, which begins a variable in nginx" }
      : { text: text.replace(/["\\]/g, "\\$&") },
  );
}
