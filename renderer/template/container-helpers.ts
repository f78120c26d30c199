import { type CallOptions, LocatedError, type TemplateEngine } from "./engine.ts";
import type { Escaped } from "./formats/format.ts";
import { HelperError } from "./helper-error.ts";
import { type Helper, HELPERS } from "./helper-table.ts";
import { readInclude } from "./include.ts";
import { Inner, Verbatim } from "./model.ts";
import { raw } from "./printable.ts";
import { type Signature, signatureOf } from "./signature.ts";

export const SIGNATURES: ReadonlyMap<string, Signature> = new Map(
  [...HELPERS, ...["raw VALUE", "inner VALUE", "include NAME", "exists NAME"].map(signatureOf)].map((one) => [
    one.name,
    one,
  ]),
);

/** Registers every helper of the templates of template targets. `includes` is the directory that `include` reads. */
export function registerContainerHelpers(engine: TemplateEngine, includes: string | undefined): void {
  for (const { name, run } of HELPERS) register(engine, name, run);
  register(engine, "raw", ([value]) => verbatim(raw(value)));
  register(engine, "inner", ([value]) => new Inner(value));
  register(engine, "include", ([name]) => verbatim(readInclude(includes, name)));
  register(engine, "exists", ([name]) => "text" in readInclude(includes, name));
}

function register(engine: TemplateEngine, name: string, run: Helper["run"]): void {
  engine.registerHelper(name, (...given: unknown[]) => {
    const { hash, loc } = given.at(-1) as CallOptions;
    try {
      return run(given.slice(0, -1), hash as Readonly<Record<string, unknown>>);
    } catch (error) {
      const prefix = error instanceof HelperError ? "" : `${name}: `;
      throw new LocatedError(loc, `${prefix}${(error as Error).message}`, { cause: error });
    }
  });
}

function verbatim(escaped: Escaped): Verbatim {
  if ("refused" in escaped) throw new Error(escaped.refused);
  return new Verbatim(escaped.text);
}
