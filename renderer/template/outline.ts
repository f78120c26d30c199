import type { Syntax } from "./formats/format.ts";
import { adviceFor, placeProblem } from "./placed-values.ts";
import { type Word, wordsWithValues } from "./words.ts";

/** A `{{value}}` in a template. */
export interface Hole {
  readonly name: string;
  readonly source: string;
  readonly loc: hbs.AST.SourceLocation;
  readonly isInner: boolean;
  /** Whether no container can choose a value that needs quotes. */
  readonly isPlain: boolean;
}

/** A block: its text if the condition is true, and if it is false. */
interface Branches {
  readonly isTrue: readonly Part[];
  readonly isFalse: readonly Part[];
}

/** Template text, a value, a block, or text that is known only when the template is rendered. */
export type Part = string | Hole | Branches | undefined;

/** A value at a place where it cannot be, or, as a hint, where it can be only if it needs no quotes. */
export interface PlaceProblem {
  readonly hole: Hole;
  readonly problem: string;
  readonly isHint: boolean;
}

/**
 * Finds problems that do not depend on the containers. The text is read twice: with all conditions true, and with all
 * false. What other combinations make is found when the template is rendered.
 */
export function placeProblems(parts: readonly Part[], syntax: Syntax): PlaceProblem[] {
  return [true, false].flatMap((isTrue) => {
    const holes: PlacedHole[] = [];
    const text = textOf(parts, isTrue, holes);
    return [...wordsWithValues(text, syntax)].flatMap((word) =>
      problemsIn(word, holes.splice(0, word.positions.length), syntax),
    );
  });
}

/** A value, and whether text of its own block, or another value, is always before and after it. */
interface PlacedHole {
  readonly hole: Hole;
  readonly isAfter: boolean;
  readonly isBefore: boolean;
}

function textOf(parts: readonly Part[], isTrue: boolean, holes: PlacedHole[]): string {
  const isCertain = (part: Part): boolean =>
    typeof part === "string" ? part !== "" : part !== undefined && "loc" in part;
  const texts = parts.map((part, at) => {
    // A letter: it neither begins nor ends anything.
    if (part === undefined) return "x";
    if (typeof part === "string") return part;
    if ("isTrue" in part) return textOf(isTrue ? part.isTrue : part.isFalse, isTrue, holes);
    holes.push({ hole: part, isAfter: isCertain(parts[at - 1]), isBefore: isCertain(parts[at + 1]) });
    return "\0";
  });
  return texts.join("");
}

function problemsIn(word: Word, placed: readonly PlacedHole[], syntax: Syntax): PlaceProblem[] {
  const sources = placed.map(({ hole }) => hole);
  return placed.flatMap(({ hole, isAfter, isBefore }, at): PlaceProblem[] => {
    const position = word.positions[at]!;
    const problem = placeProblem(position, hole.isInner, syntax);
    if (position.kind !== "joined") return problem === undefined ? [] : [{ hole, problem, isHint: false }];
    const touches = (isAfter && position.before !== "") || (isBefore && position.after !== "");
    const isHint = problem === undefined || !touches;
    if (isHint && (hole.isPlain || syntax.quotesJoined)) return [];
    return [{ hole, problem: `${problem ?? "may need quotes"}${adviceFor(word, sources, at, syntax)}`, isHint }];
  });
}
