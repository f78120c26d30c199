import { andThen, type Escaped, type Format, singleLine } from "./format.ts";

/** What Caddy reads as one word without quotes. */
const PLAIN = /^[A-Za-z0-9._:/*+=-]+$/;

/**
 * Caddyfile: plain words bare, others in double quotes, or in backquotes when they have double quotes. Refused are
 * braces, which are placeholders and blocks whether quoted or not, backslashes: one in a comment joins the next line, and
 * what makes a statement of Caddy's own of a word at its beginning, quoted or not: `import`, and `(x)`, a snippet.
 */
export const CADDYFILE: Format = {
  alone: (value) =>
    andThen(literal(String(value)), (text) => {
      if (text === "import" || /^&?\(/.test(text)) return { refused: "is import or a snippet's name for Caddy" };
      if (PLAIN.test(text)) return { text };
      if (!text.includes('"')) return { text: `"${text}"` };
      return text.includes("`") ? { refused: "has both kinds of quotes" } : { text: `\`${text}\`` };
    }),
  inner: (value) =>
    andThen(literal(value), (text) => (text.includes('"') ? { refused: "has a double quote" } : { text })),
  hasQuotes: true,
};

function literal(value: string): Escaped {
  return andThen(singleLine(value), (text) => {
    if (/[{}]/.test(text)) return { refused: "has a brace, which Caddy takes for a placeholder or a block" };
    return text.includes("\\") ? { refused: "has a backslash, which can join lines in a Caddyfile" } : { text };
  });
}
