import Handlebars from "handlebars";
import { nearest } from "../../shared/nearest.ts";
import { annotate, PRINT, WHAT } from "./annotate.ts";

/** What Handlebars gives a helper as its last argument. */
interface Call extends Handlebars.HelperOptions {
  readonly loc: hbs.AST.SourceLocation;
}

/** What is printed for a value, or why none can be, as the end of a sentence about it. */
export type PrintPlain = (value: unknown) => { readonly text: string } | { readonly refused: string };

/**
 * Makes of a template one that prints the same, more slowly, and says where it fails: which value of which line is missing
 * or cannot be printed. `known` are the names that it could have meant.
 */
export function locating(
  engine: typeof Handlebars,
  tree: hbs.AST.Program,
  how: CompileOptions,
  print: PrintPlain,
  known: () => readonly string[],
): HandlebarsTemplateDelegate {
  annotate(tree, () => false);
  engine.registerHelper(PRINT, (value: unknown, { hash, loc }: Call) => {
    const what = String((hash as Readonly<Record<string, unknown>>)[WHAT]);
    const place = `${loc.source}:${loc.start.line}:${loc.start.column + 1}`;
    if (value === undefined || value === null)
      throw new LocatedFault(`${place}: ${what} is missing${advice(what, known())}`);
    const made = print(value);
    if ("refused" in made) throw new LocatedFault(`${place}: ${what} ${made.refused}`);
    return new Handlebars.SafeString(made.text);
  });
  // Strict would tell of a missing value first, without the nearest name.
  return engine.compile(tree, { ...how, strict: false, knownHelpers: { ...how.knownHelpers, [PRINT]: true } });
}

/** Begins with file, line and column. */
export class LocatedFault extends Error {}

function advice(what: string, known: readonly string[]): string {
  const near = nearest(what, known);
  return near === undefined || near === what ? "" : `; did you mean ${near}?`;
}
