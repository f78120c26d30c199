import type { Escaped, Format, Scalar, Syntax } from "./formats/format.ts";
import { type Position, type Word, wordsWithValues } from "./words.ts";

export interface PrintedValue {
  readonly value: Scalar;
  /** Whether the template writes `{{inner value}}`. */
  readonly isInner: boolean;
  readonly source: string;
}

/** A format that defines the words of a text. */
export type LexedFormat = Format & { readonly syntax: Syntax };

/**
 * Writes values in place of the NULs of a rendered text, in order, each as its position in the file requires. `refuse`
 * receives a value that cannot be where it is, and why, as a predicate.
 */
export function placeValues<Printed extends PrintedValue>(
  text: string,
  values: readonly Printed[],
  format: LexedFormat,
  refuse: (value: Printed, refused: string) => void,
): string {
  if (values.length === 0) return text;
  const written: string[] = [];
  for (const word of wordsWithValues(text, format.syntax)) {
    const own = values.slice(written.length, written.length + word.positions.length);
    const escaped = own.map((value, at) => escapedAt(word, at, value, format));
    for (const [at, one] of escaped.entries()) {
      if ("refused" in one) refuse(own[at]!, one.refused + adviceFor(word, own, at, format.syntax));
    }
    const texts = escaped.map((one) => ("text" in one ? one.text : ""));
    const problem = word.isComment ? undefined : format.syntax.wordProblem?.(filled(word.text, texts), word.after);
    if (problem !== undefined) refuse(own.at(-1)!, problem);
    written.push(...texts);
  }
  if (written.length !== values.length) throw new Error("values and their places differ in number");
  return filled(text, written);
}

function filled(text: string, values: readonly string[]): string {
  let at = 0;
  return text.replaceAll("\0", () => values[at++] ?? "");
}

function escapedAt({ positions }: Word, at: number, { value, isInner }: PrintedValue, format: LexedFormat): Escaped {
  const position = positions[at]!;
  const problem = placeProblem(position, isInner, format.syntax);
  if (problem !== undefined) return { refused: problem };
  if (isInner) return format.inner(String(value));
  if (position.kind !== "joined") return format.alone(value);
  return format.syntax.joined!(value, position.before, position.after);
}

/** Why no value at all can be there, as a predicate. */
export function placeProblem(position: Position, isInner: boolean, syntax: Syntax): string | undefined {
  if (position.kind === "impossible") return position.reason;
  if (position.kind === "comment" || (isInner && position.kind === "inner")) return undefined;
  if (isInner) return "is for values between double quotes, and none are open here";
  if (position.kind !== "joined") {
    const isQuoted = position.kind === "inner";
    return isQuoted ? "brings its own quotes: remove those around it, or write {{inner …}} between them" : undefined;
  }
  if (!syntax.joined) return "needs quotes";
  const touchesQuotes = /["'`]/.test(position.before + position.after);
  return touchesQuotes && !syntax.concatenates ? "cannot touch text in quotes" : undefined;
}

/** Longest word that a message repeats, in characters. */
const MAX_WORD = 200;

/** The end of a message about a value that touches other text: the word in quotes, in which any value is possible. */
export function adviceFor(
  word: Word,
  values: readonly Pick<PrintedValue, "source">[],
  at: number,
  { lacksInner }: Syntax,
): string {
  if (word.positions[at]?.kind !== "joined" || lacksInner === true) return "";
  if (word.text.length > MAX_WORD || /["'`\\\n]/.test(word.text)) {
    return ", because it touches other text; put the text in double quotes, and write {{inner …}} for the value";
  }
  let next = 0;
  const advice = word.text.replaceAll("\0", () => `{{inner ${values[next++]!.source}}}`);
  return `, because it touches other text; write "${advice}"`;
}
