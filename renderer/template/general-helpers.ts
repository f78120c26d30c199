import Handlebars from "handlebars";
import { PRINT, WHAT } from "./annotate.ts";
import type { Culprits } from "./culprits.ts";
import type { Escaped, Format } from "./formats/format.ts";
import { HELPERS } from "./helper-table.ts";
import { readInclude } from "./include.ts";
import { HelperError } from "./template-helper.ts";
import { BLOCKS } from "./lint.ts";
import { inner, MAX_VALUE_CHARS, printable, Raw, raw } from "./printable.ts";

type Engine = typeof Handlebars;

/** What Handlebars gives a helper as its last argument. */
interface Call extends Handlebars.HelperOptions {
  readonly loc: hbs.AST.SourceLocation;
}

/** What a general template can call, put into an engine of its own. Errors begin with file, line and column. */
export class GeneralHelpers {
  readonly #engine: Engine;
  readonly #plain = new Set<string>();
  #culprits: Culprits | undefined;

  constructor(engine: Engine, format: Format, includes: string | undefined) {
    this.#engine = engine;
    for (const name of ["log", "lookup", "helperMissing", "blockHelperMissing"]) engine.unregisterHelper(name);
    for (const name of ["each", "with"]) this.#tellWhoseTurn(name);
    for (const { name, run } of HELPERS) this.#add(name, run);
    this.#add("raw", ([value]) => asRaw(raw(value, format)));
    this.#add("inner", ([value]) => asRaw(inner(value, format)));
    this.#add("include", ([name]) => asRaw(readInclude(includes, name)));
    this.#add("exists", ([name]) => "text" in readInclude(includes, name));
    engine.registerHelper(PRINT, (value: unknown, { hash, loc }: Call) => {
      const made = printable(value, format);
      if ("refused" in made) throw new Error(`${placeOf(loc)}: ${String(hash[WHAT])} ${made.refused}`);
      return new Handlebars.SafeString(made.text);
    });
  }

  /** Everything that a template can call, for Handlebars: names with false are known by default and are not there. */
  get known(): Record<string, boolean> {
    const names = [...BLOCKS, ...this.#plain, PRINT];
    const absent = { log: false, lookup: false, helperMissing: false, blockHelperMissing: false };
    return { ...absent, ...Object.fromEntries(names.map((name) => [name, true])) };
  }

  /** All that are called by their name, and are no block. */
  get names(): ReadonlySet<string> {
    return this.#plain;
  }

  /** Whether this is called by its name, and is no block. */
  isPlain(name: string): boolean {
    return this.#plain.has(name);
  }

  /** From now on blocks tell these whose turn it is. */
  use(culprits: Culprits): void {
    this.#culprits = culprits;
  }

  #add(name: string, run: (args: readonly unknown[], named: Readonly<Record<string, unknown>>) => unknown): void {
    this.#plain.add(name);
    this.#engine.registerHelper(name, (...given: unknown[]) => {
      const { hash, loc } = given.at(-1) as Call;
      const made = located(loc, name, () => run(given.slice(0, -1), hash));
      if (typeof made !== "string" || made.length <= MAX_VALUE_CHARS) return made;
      throw new Error(`${placeOf(loc)}: ${name} makes more than ${MAX_VALUE_CHARS} characters`);
    });
  }

  /** A block that goes from one record to another is where it is known whose turn it is. */
  #tellWhoseTurn(name: string): void {
    const builtin = this.#engine.helpers[name]!;
    const culprits = (): Culprits | undefined => this.#culprits;
    this.#engine.registerHelper(name, function (this: unknown, value: unknown, options: Call) {
      // Handlebars gives a function without parameters where the template has no {{else}}.
      if (value === undefined && options.inverse.length === 0) {
        throw new Error(
          `${placeOf(options.loc)}: what ${name} is to go through is missing; an {{else}} would allow that`,
        );
      }
      const fn = (item: unknown, more: Handlebars.RuntimeOptions): string => {
        const block = (): string => options.fn(item, more);
        return culprits()?.within(item, block) ?? block();
      };
      return builtin.call(this, value, { ...options, fn }) as string;
    });
  }
}

function asRaw(made: Escaped): Raw {
  if ("refused" in made) throw new Error(made.refused);
  return new Raw(made.text);
}

function located<T>(loc: hbs.AST.SourceLocation, name: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    const who = error instanceof HelperError ? "" : `${name}: `;
    throw new Error(`${placeOf(loc)}: ${who}${(error as Error).message}`, { cause: error });
  }
}

/** As editors count. */
export function placeOf({ source, start }: hbs.AST.SourceLocation): string {
  return `${source}:${start.line}:${start.column + 1}`;
}
