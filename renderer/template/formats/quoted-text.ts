import { CST, Lexer } from "yaml";
import { andThen, type Escaped, type Format, type Lexeme, lexemesBy, type Syntax, wellFormed } from "./format.ts";

/** Characters that JSON allows and YAML or TOML require to be escaped, or that end a line in some format. */
// oxlint-disable-next-line no-control-regex -- naming control characters is the point
const ESCAPED = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

/** Where YAML folds lines it drops spaces, and finds marks of documents even in quotes. */
const FOLDED = /^(?:---|\.\.\.)|^ | $/g;

/** Most characters of a key. YAML allows 1,024 from its start to its colon. */
const MAX_KEY = 1000;

/**
 * JSON, and YAML and TOML, whose double-quoted texts have the same escapes: texts in quotes, numbers and booleans bare. A
 * text is never bare, so no value can touch other text.
 */
function quotedText(syntax: Omit<Syntax, "concatenates">): Format {
  return {
    alone: (value) => {
      if (typeof value === "string") return andThen(escape(value), (text) => ({ text: `"${text}"` }));
      if (typeof value === "number" && !Number.isFinite(value)) return { refused: "is not a finite number" };
      return { text: String(value) };
    },
    inner: (value) => andThen(escape(value), (text) => ({ text: text.replace(FOLDED, escapeFirst) })),
    syntax: { ...syntax, concatenates: false },
  };
}

export const JSON_FORMAT: Format = quotedText({
  lexemes: lexemesBy({
    separator: /[\s,:[\]{}]+/,
    dquote: /"(?:[^"\\]|\\[^])*"/,
    bare: /[^\s,:[\]{}"]+/,
  }),
});

export const TOML: Format = quotedText({
  lexemes: lexemesBy({
    comment: /#[^\n]*/,
    // A dot separates parts of a key.
    separator: /[\s=,[\]{}]+|(?<=^[^=\n]{0,256})\./,
    dquote: /"""(?:[^"\\]|\\[^]|"(?!""))*"""|"(?!"")(?:[^"\\\n]|\\.)*"/,
    squote: /'''[^]*?'''|'(?!'')[^'\n]*'/,
    bare: /(?:[^\s=,[\]{}"'#.]|(?<!^[^=\n]{0,256})\.)+/,
  }),
});

export const YAML: Format = quotedText({
  lexemes: yamlLexemes,
  wordProblem: (word, after) =>
    after === ":" && word.length > MAX_KEY ? `is part of a key of more than ${MAX_KEY} characters` : undefined,
});

/** Reads a text with the lexer of the YAML library. */
function* yamlLexemes(text: string): Iterable<Lexeme> {
  let isScalar = false;
  for (const lexeme of new Lexer().lex(text)) {
    const type = CST.tokenType(lexeme);
    if (isScalar || type === "anchor" || type === "alias" || type === "tag") yield ["bare", lexeme];
    else if (type === "comment") yield ["comment", lexeme];
    else if (type === "double-quoted-scalar") yield ["dquote", lexeme];
    else if (type === "single-quoted-scalar") yield ["squote", lexeme];
    else if (!["scalar", "doc-mode", "flow-error-end"].includes(type!))
      yield [lexeme.includes("\0") ? "open" : "separator", lexeme];
    isScalar = type === "scalar";
  }
}

function escape(value: string): Escaped {
  return andThen(wellFormed(value), (text) => ({
    text: JSON.stringify(text).slice(1, -1).replace(ESCAPED, unicodeEscape),
  }));
}

function escapeFirst(text: string): string {
  return unicodeEscape(text) + text.slice(1);
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
