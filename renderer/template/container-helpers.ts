import { type CallOptions, LocatedError, type TemplateEngine } from "./engine.ts";
import type { Escaped } from "./formats/format.ts";
import { HELPERS } from "./helper-table.ts";
import { readInclude } from "./include.ts";
import { Inner, Verbatim } from "./model.ts";
import { MAX_VALUE_CHARS, raw } from "./printable.ts";
import { type Signature, signatureOf } from "./signature.ts";
import { HelperError } from "./template-helper.ts";

/** How every helper is called, by its name. */
export const SIGNATURES: ReadonlyMap<string, Signature> = new Map(
  [...HELPERS.map(({ usage }) => usage), "raw VALUE", "inner VALUE", "include NAME", "exists NAME"].map((usage) => {
    const signature = signatureOf(usage);
    return [signature.name, signature];
  }),
);

type Run = (args: readonly unknown[], named: Readonly<Record<string, unknown>>) => unknown;

/** Registers every helper of the templates of template targets. `includes` is the directory that `include` reads. */
export function registerContainerHelpers(engine: TemplateEngine, includes: string | undefined): void {
  for (const { name, run } of HELPERS) register(engine, name, run);
  register(engine, "raw", ([value]) => verbatim(raw(value)));
  register(engine, "inner", ([value]) => new Inner(value));
  register(engine, "include", ([name]) => verbatim(readInclude(includes, name)));
  register(engine, "exists", ([name]) => "text" in readInclude(includes, name));
}

function register(engine: TemplateEngine, name: string, run: Run): void {
  engine.registerHelper(name, (...given: unknown[]) => {
    const { hash, loc } = given.at(-1) as CallOptions;
    const result = located(loc, name, () => run(given.slice(0, -1), hash as Readonly<Record<string, unknown>>));
    if (typeof result !== "string" || result.length <= MAX_VALUE_CHARS) return result;
    throw new LocatedError(loc, `${name}: the result has more than ${MAX_VALUE_CHARS} characters`);
  });
}

function located<T>(loc: hbs.AST.SourceLocation, name: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    const prefix = error instanceof HelperError ? "" : `${name}: `;
    throw new LocatedError(loc, `${prefix}${(error as Error).message}`, { cause: error });
  }
}

function verbatim(escaped: Escaped): Verbatim {
  if ("refused" in escaped) throw new Error(escaped.refused);
  return new Verbatim(escaped.text);
}
