import { shown } from "../helper-error.ts";

export type Scalar = string | number | boolean;

/** The text of a value in a file of a format, or the reason why the format cannot express it, as a predicate. */
export type Escaped = { readonly text: string } | { readonly refused: string };

/** A piece of a file. `open` is text after which the lexer cannot know what the program reads. */
export type LexemeKind = "bare" | "comment" | "dquote" | "open" | "separator" | "squote";
export type Lexeme = readonly [kind: LexemeKind, text: string];

/** How values are written in the files of one program. Pure. No character of a value can end the value early. */
export interface Format {
  /** A value between two separators: exactly one value for the program that reads the file. */
  readonly alone: (value: Scalar) => Escaped;
  /** A value between double quotes that are in the template. */
  readonly inner: (text: string) => Escaped;
  /** How a rendered text is read. Undefined for formats without quotes, where a value is written the same everywhere. */
  readonly syntax?: Syntax;
}

/** How the program that reads a file finds the ends of its values. NUL stands for a value of a container. */
export interface Syntax {
  readonly lexemes: (text: string) => Iterable<Lexeme>;
  /**
   * A value that touches other text of the same word, without separator or quotes. Undefined where this is never
   * possible, so that the template is at fault.
   */
  readonly joined?: (value: Scalar, before: string, after: string) => Escaped;
  /** Whether quotes of the template may begin and end inside of a word. */
  readonly concatenates: boolean;
  /** Whether `joined` can quote every value. */
  readonly quotesJoined?: boolean;
  /** Whether templates have no `inner`. */
  readonly lacksInner?: boolean;
  /** Text before a value that makes it a part of a variable or an expression. */
  readonly expression?: RegExp;
  /** What is wrong with a word that contains values, as a predicate. `after` is the text that ends it. */
  readonly wordProblem?: (word: string, after: string) => string | undefined;
}

const KINDS: readonly LexemeKind[] = ["comment", "separator", "dquote", "squote", "bare", "open"];

/** Reads a text with a regular expression whose groups are named as kinds of lexemes. Text that fits none is `open`. */
export function lexemesBy(groups: Readonly<Partial<Record<LexemeKind, RegExp>>>): Syntax["lexemes"] {
  const used = KINDS.filter((kind) => groups[kind]);
  const sources = used.map((kind) => `(${groups[kind]!.source})`);
  const pattern = new RegExp([...sources, "[^]"].join("|"), "gm");
  return function* (text) {
    for (const found of text.matchAll(pattern)) yield [used[found.indexOf(found[0], 1) - 1] ?? "open", found[0]];
  };
}

/** Writes a value bare, or refuses it. */
export function bareBy(plain: RegExp): (value: Scalar) => Escaped {
  return (value) => {
    const text = String(value);
    return plain.test(text) ? { text } : { refused: `is "${shown(text)}", which needs quotes` };
  };
}

/** Line ends and control characters, for formats that cannot escape them. */
// oxlint-disable-next-line no-control-regex -- naming control characters is the point
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028\u2029]/;

/** Returns the value's text; rejects line ends, control characters and what `wellFormed` rejects. */
export function singleLine(value: Scalar): Escaped {
  const text = String(value);
  if (CONTROL.test(text)) return { refused: "has a line break or a control character" };
  return wellFormed(text);
}

/** Rejects NUL and unpaired surrogates. */
export function wellFormed(text: string): Escaped {
  if (text.includes("\0")) return { refused: "has a NUL character" };
  if (/\p{Surrogate}/u.test(text)) return { refused: "has an unpaired surrogate" };
  return { text };
}

/** Passes the text to `then`, unless it is refused already. */
export function andThen(escaped: Escaped, then: (text: string) => Escaped): Escaped {
  return "refused" in escaped ? escaped : then(escaped.text);
}
