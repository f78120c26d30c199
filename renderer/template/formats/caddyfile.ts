import { andThen, bareBy, type Escaped, type Format, lexemesBy, singleLine } from "./format.ts";

/** Characters that Caddy reads as one token without quotes. */
const PLAIN = /^[A-Za-z0-9._:/*+=-]+$/;

/**
 * Caddyfile: plain values bare, others in double quotes, or in backquotes if they contain double quotes. Rejected are
 * braces, which are placeholders or blocks even in quotes; backslashes, because one in a comment joins the next line; and
 * `import` and `(x)`, a snippet, which are directives even in quotes.
 */
export const CADDYFILE: Format = {
  alone: (value) =>
    andThen(literal(String(value)), (text) => {
      if (PLAIN.test(text)) return { text };
      if (!text.includes('"')) return { text: `"${text}"` };
      return text.includes("`") ? { refused: "has both kinds of quotes" } : { text: `\`${text}\`` };
    }),
  inner: (value) =>
    andThen(literal(value), (text) => (text.includes('"') ? { refused: "has a double quote" } : { text })),
  syntax: {
    lexemes: lexemesBy({
      comment: /#[^\n]*/,
      separator: /\s+/,
      dquote: /"(?:[^"\\]|\\[^])*"/,
      squote: /`[^`]*`/,
      bare: /(?!["`]|<<)(?:\\[^]|[^\s\\])+/,
    }),
    joined: bareBy(PLAIN),
    concatenates: false,
    expression: /\{[^{}]*$/,
    wordProblem: (word) =>
      /^(?:import$|&?\()/.test(word.replace(/^["`]|["`]$/g, ""))
        ? "is `import` or the name of a snippet for Caddy"
        : undefined,
  },
};

function literal(value: string): Escaped {
  return andThen(singleLine(value), (text) => {
    if (/[{}]/.test(text)) return { refused: "has a brace, which is a placeholder or a block in a Caddyfile" };
    return text.includes("\\") ? { refused: "has a backslash, which can join lines in a Caddyfile" } : { text };
  });
}
