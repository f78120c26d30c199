import Handlebars from "handlebars";
import type { Escaped } from "./formats/format.ts";
import { placeOf, PRINT, prepareTemplate, type TemplateRules } from "./prepare-template.ts";
import { readTemplate, type TemplateText } from "./read-template.ts";

/** What Handlebars passes to a helper as its last argument. */
export interface CallOptions extends Handlebars.HelperOptions {
  readonly loc: hbs.AST.SourceLocation;
}

/** An error whose message begins with file, line and column. */
export class LocatedError extends Error {
  constructor(loc: hbs.AST.SourceLocation, message: string, options?: ErrorOptions) {
    super(`${placeOf(loc)}: ${message}`, options);
  }
}

/** Helpers of Handlebars that no template can call. */
const ABSENT = ["log", "lookup", "helperMissing", "blockHelperMissing"];

/** Access to prototypes is off even where a value has one. */
const RUNTIME = { allowProtoPropertiesByDefault: false, allowProtoMethodsByDefault: false };

/** Where a template prints a value. */
export interface PrintPlace {
  readonly loc: hbs.AST.SourceLocation;
  /** The path, or the name of the helper. */
  readonly name: string;
  readonly source: string;
}

/** Escapes a value for the output, or names why it cannot be printed. */
type Print = (value: unknown, place: PrintPlace) => Escaped;

/** Renders one item of a block; `body` is the text of the block for it. */
type RenderItem = (item: unknown, body: () => string) => string;

/** An instance of Handlebars in which every printed value goes through `print`. `hint` completes the message about a missing one. */
export class TemplateEngine {
  readonly #handlebars = Handlebars.create();

  constructor(print: Print, hint: (name: string) => string = () => "") {
    for (const name of ABSENT) this.#handlebars.unregisterHelper(name);
    this.#handlebars.registerHelper(PRINT, (value: unknown, name: string, source: string, { loc }: CallOptions) => {
      if (value === undefined || value === null) throw new LocatedError(loc, `${name} is missing${hint(name)}`);
      const printed = print(value, { loc, name, source });
      if ("refused" in printed) throw new LocatedError(loc, `${name} ${printed.refused}`);
      return printed.text;
    });
  }

  registerHelper(name: string, run: Handlebars.HelperDelegate): void {
    this.#handlebars.registerHelper(name, run);
  }

  /** Replaces a built-in block. For each use of it `around` makes the function that renders its items, one by one. */
  wrapBlock(name: string, around: (value: unknown, options: CallOptions) => RenderItem): void {
    const builtin = this.#handlebars.helpers[name]!;
    this.#handlebars.registerHelper(name, function (this: unknown, value: unknown, options: CallOptions) {
      const render = around(value, options);
      const fn = (item: unknown, more: Handlebars.RuntimeOptions): string => render(item, () => options.fn(item, more));
      return builtin.call(this, value, { ...options, fn }) as string;
    });
  }

  /** Parses, checks and compiles a template; other templates of the engine use it by its name as a `partial`. Throws TemplateError. */
  compile(template: TemplateText, rules: TemplateRules, partial?: string): (fields: unknown) => string {
    const tree = readTemplate(template);
    prepareTemplate(tree, template.text, rules);
    const known = [...rules.blocks, ...rules.helpers.keys(), PRINT].map((name) => [name, true] as const);
    const absent = ABSENT.map((name) => [name, false] as const);
    const options = {
      // PRINT escapes. Handlebars itself would escape for HTML.
      noEscape: true,
      knownHelpersOnly: true,
      knownHelpers: Object.fromEntries([...absent, ...known]),
      preventIndent: true,
    };
    const compiled = this.#handlebars.compile(tree, options);
    if (partial !== undefined) this.#handlebars.registerPartial(partial, compiled);
    return (fields) => compiled(fields, RUNTIME);
  }
}
