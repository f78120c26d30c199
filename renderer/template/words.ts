import type { Lexeme, Syntax } from "./formats/format.ts";

/** Where a value is in a file, or why no value can be there. */
export type Position =
  | { readonly kind: "alone" | "comment" | "inner" }
  /** Touches these characters of the same word, of which NUL is another value; "" at its ends. */
  | { readonly kind: "joined"; readonly before: string; readonly after: string }
  | { readonly kind: "impossible"; readonly reason: string };

/** What a program reads as one value, with NUL for each value of a container; or a comment, or a text without an end. */
export interface Word {
  readonly text: string;
  readonly positions: readonly Position[];
  /** The text that ends the word, without spaces. */
  readonly after: string;
  readonly isComment: boolean;
}

/** Yields the words that contain values, in order. */
export function* wordsWithValues(text: string, syntax: Syntax): Generator<Word, undefined> {
  let pieces: Lexeme[] = [];
  let offset = 0;
  for (const lexeme of syntax.lexemes(text)) {
    const [kind, part] = lexeme;
    if (kind === "open") {
      yield* wordOf(pieces, "", syntax);
      return yield* valuesAfter(text.slice(offset), part);
    }
    offset += part.length;
    if (kind === "comment" || (kind === "separator" && !(pieces.length > 0 && /^[ \t]+$/.test(part)))) {
      yield* wordOf(pieces, part, syntax);
      pieces = [];
      if (kind === "comment") yield* commentOf(part);
    } else if (kind === "separator") {
      pieces.push(lexeme);
    } else {
      if (pieces.at(-1)?.[0] === "separator") {
        yield* wordOf(pieces, part, syntax);
        pieces = [];
      }
      pieces.push(lexeme);
    }
  }
  return yield* wordOf(pieces, "", syntax);
}

function* commentOf(text: string): Generator<Word> {
  if (text.includes("\0"))
    yield { text, after: "", isComment: true, positions: valuesIn(text).map(() => ({ kind: "comment" })) };
}

/** Values after text that the lexer cannot follow. */
function* valuesAfter(text: string, begin: string): Generator<Word, undefined> {
  const reason = `cannot be here: it is not certain how ${JSON.stringify(begin)} before it ends`;
  const positions = valuesIn(text).map((): Position => ({ kind: "impossible", reason }));
  if (positions.length > 0) yield { text, after: "", isComment: false, positions };
  return undefined;
}

function* wordOf(pieces: readonly Lexeme[], after: string, syntax: Syntax): Generator<Word, undefined> {
  const word = pieces.filter(([kind]) => kind !== "separator");
  const text = word.map(([, part]) => part).join("");
  if (!text.includes("\0")) return undefined;
  const positions: Position[] = [];
  let from = 0;
  for (const [kind, part] of word) {
    let end = 0;
    for (const at of valuesIn(part)) {
      const problem = problemBefore(part.slice(end, at), syntax);
      end = at + 1;
      if (problem !== undefined) positions.push({ kind: "impossible", reason: problem });
      else if (kind === "dquote") positions.push({ kind: "inner" });
      else if (kind === "squote")
        positions.push({ kind: "impossible", reason: "cannot be in quotes other than double ones" });
      else if (text === "\0") positions.push({ kind: "alone" });
      else positions.push({ kind: "joined", before: text[from + at - 1] ?? "", after: text[from + at + 1] ?? "" });
    }
    from += part.length;
  }
  yield { text, after, isComment: false, positions };
  return undefined;
}

/** Why no value can follow this text, which is the word's since the value before, as a predicate. */
function problemBefore(before: string, { expression }: Syntax): string | undefined {
  if (/(?<!\\)(?:\\\\)*\\$/.test(before)) return "cannot follow a backslash";
  return expression?.test(before) === true ? "would be part of a variable or an expression" : undefined;
}

function valuesIn(text: string): number[] {
  return Array.from(text.matchAll(/\0/g), ({ index }) => index);
}
