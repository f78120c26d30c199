import { andThen, type Escaped, type Format, lexemesBy, singleLine } from "./format.ts";

/** Characters that a shell reads as one word without quotes, without `=` of an assignment. */
const PLAIN = /^[A-Za-z0-9._:/@+,-]+$/;

/** Words that a shell reads as its own where a command can begin. */
const RESERVED = /^(?:case|coproc|do|done|elif|else|esac|fi|for|function|if|in|select|then|time|until|while)$/;

/** Neighbours that give a bare value no other meaning: `<` and `>` make a number a file descriptor, `~` a name a path. */
const [BEFORE, AFTER] = [/[\w.:/@+,=-]$/, /^[\w.:/@+,*-]/];

/**
 * POSIX shell: plain values bare, others in single quotes, also inside of a word. Line ends are rejected: they would end a
 * comment. Here-documents and nested substitutions are not followed: no value is possible after them.
 */
export const SHELL: Format = {
  alone: (value) => (isBare(value) ? { text: String(value) } : quoted(value)),
  inner: (value) => andThen(singleLine(value), (text) => ({ text: text.replace(/["\\$`]/g, "\\$&") })),
  syntax: {
    lexemes: lexemesBy({
      comment: /(?<![^ \t\n;&|()])#[^\n]*/,
      separator: /(?!\(\()[ \t\n;&|()]/,
      dquote: /"(?:[^"\\`$]|\\[^]|\$(?![({[])|\$\{[^{}"'`\\$\0]*\}|\$\([^()"'`\\$<\0#]*\))*"/,
      squote: /(?<!\$)'[^']*'/,
      bare: /(?:\\[^]|\$\{[^{}"'`\\$\0]*\}|\$(?!\(\(|[{["'])|(?!<<)[^ \t\n;&|()"'`\\$])+/,
    }),
    joined: (value, before, after) => {
      // A comma separates words in braces of some shells.
      const isPlain =
        isBare(value) &&
        !String(value).includes(",") &&
        (BEFORE.test(before) || before === "") &&
        (AFTER.test(after) || after === "");
      return isPlain ? { text: String(value) } : quoted(value);
    },
    concatenates: true,
    quotesJoined: true,
    expression: /\$[\w\0]*$/,
  },
};

function isBare(value: string | number | boolean): boolean {
  return PLAIN.test(String(value)) && !RESERVED.test(String(value));
}

function quoted(value: string | number | boolean): Escaped {
  return andThen(singleLine(value), (text) => ({ text: `'${text.replaceAll("'", String.raw`'\''`)}'` }));
}
