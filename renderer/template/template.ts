import Handlebars from "handlebars";
import { bare, type Model, Verbatim } from "./model.ts";
import { HostTexts } from "../nginx/host-texts.ts";
import { BLOCKS, lint } from "./lint.ts";
import { LocatedFault, locating } from "./locate-fault.ts";
import { BoundsError, PrintBounds } from "./print-bounds.ts";
import { readTemplate } from "./read-template.ts";
import { wordsForFinding } from "./unknown-helper.ts";

/** Largest text a template may make: ten thousand hosts take three MiB. */
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** What may stand in a configuration as it is; all else was refused by a grammar before it came here. */
const PLAIN = /^[A-Za-z0-9._:/*[\]-]*$/;

/** A template that cannot be used, or not with this model. Names file, line and column where they are known. */
export class TemplateError extends Error {
  readonly code: "template.syntax" | "template.forbidden" | "template.render" | "template.size";

  constructor(code: TemplateError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

/** What a template prints: fields for the whole file, and hosts one by one. */
export interface Page<Host extends object = object> {
  readonly fields: { readonly [name: string]: Model };
  /** For `eachHost`, in order. A host that is the same object as last time has the same text. */
  readonly hosts: readonly Host[];
  /** Another object when a host's text may be another although the host is the same. */
  readonly settings: object;
  /** What can be printed of a host; asked for once a host, template and settings. */
  readonly modelOf: (host: Host) => { readonly [name: string]: Model };
}

/** A compiled template: page in, text out, as UTF-8. Work is in the hosts that are new. Throws TemplateError. */
export type Render<Host extends object = object> = (page: Page<Host>) => Buffer;

/** Compiles a template's text in an engine of its own. Throws TemplateError. */
export function compileTemplate<Host extends object>(text: string, file: string): Render<Host> {
  const engine = createEngine();
  const bounds = new PrintBounds(engine);
  const hosts = new HostTexts<Host>();
  engine.registerHelper("eachHost", ({ fn }: Handlebars.HelperOptions) => new Handlebars.SafeString(hosts.print(fn)));
  const tree = readTemplate(engine, { file, text });
  if ("code" in tree) throw new TemplateError(tree.code, tree.problem);
  const [problem] = lint(tree);
  if (problem) {
    throw new TemplateError("template.forbidden", `${file}:${problem.line}:${problem.column + 1}: ${problem.problem}`);
  }
  const template = engine.compile(text, COMPILE);
  compileNow(template, file);
  return (page) => {
    bounds.begin(page.hosts.length);
    const locate = (): string => {
      const again = readTemplate(engine, { file, text });
      return "code" in again
        ? ""
        : locating(engine, again, COMPILE, printPlain, () => namesIn(page))(bare(page.fields));
    };
    const made = hosts.assemble(page, () => render(template, page.fields, file, locate));
    if (made.length > MAX_OUTPUT_BYTES) {
      throw new TemplateError("template.size", `${file}: makes more than ${MAX_OUTPUT_BYTES} bytes`);
    }
    return made;
  };
}

const COMPILE: CompileOptions = {
  strict: true,
  knownHelpersOnly: true,
  // Named with false, for they are known by default.
  knownHelpers: {
    if: true,
    unless: true,
    each: true,
    with: true,
    eachHost: true,
    log: false,
    lookup: false,
    helperMissing: false,
    blockHelperMissing: false,
  },
  preventIndent: true,
};

/**
 * `compile` is lazy: without this, a helper that does not exist would be told when the first change comes. What begins the
 * work is not in the library's types; `precompile` would do all of it a second time, which takes 8 MiB.
 */
function compileNow(template: unknown, file: string): void {
  try {
    withStrictEscape(() => (template as { readonly _setup: (options: object) => void })._setup({}));
  } catch (error) {
    const words = wordsForFinding((error as Error).message, [...BLOCKS, "eachHost"], () => undefined);
    throw new TemplateError("template.forbidden", `${file}${placeOf(error)}: ${words}; others are for \`format\``);
  }
}

/** Handlebars ends its messages with the place, counted from zero. */
function messageOf(error: unknown): string {
  return (error as Error).message.replace(/ - [0-9]+:[0-9]+$/, "");
}

/** `:line:column` where Handlebars knows it, as editors count. */
function placeOf(error: unknown): string {
  const { lineNumber, column } = error as { lineNumber?: number; column?: number };
  return lineNumber === undefined ? "" : `:${lineNumber}:${(column ?? 0) + 1}`;
}

function createEngine(): typeof Handlebars {
  const engine = Handlebars.create();
  for (const name of ["log", "lookup", "helperMissing", "blockHelperMissing"]) engine.unregisterHelper(name);
  return engine;
}

/** Names that a template could have meant. */
function namesIn<Host extends object>({ fields, hosts: [host], modelOf }: Page<Host>): string[] {
  return [...Object.keys(fields), ...(host ? Object.keys(modelOf(host)) : [])];
}

/** `locate` prints once more, to find the value that it fails for. */
function render(template: HandlebarsTemplateDelegate, fields: Model, file: string, locate: () => string): string {
  try {
    return withStrictEscape(() =>
      template(bare(fields), { allowProtoPropertiesByDefault: false, allowProtoMethodsByDefault: false }),
    );
  } catch (error) {
    const words = error instanceof BoundsError ? undefined : faultFoundBy(locate);
    throw new TemplateError("template.render", words ?? `${file}${placeOf(error)}: ${messageOf(error)}`);
  }
}

function faultFoundBy(locate: () => string): string | undefined {
  try {
    locate();
    return undefined;
  } catch (error) {
    return error instanceof LocatedFault ? error.message : undefined;
  }
}

/** Handlebars escapes for HTML, which is no defence here; ours refuses. It is looked up when a template is compiled. */
function withStrictEscape<T>(run: () => T): T {
  const { escapeExpression } = Handlebars.Utils;
  Object.assign(Handlebars.Utils, { escapeExpression: plainOnly });
  try {
    return run();
  } finally {
    Object.assign(Handlebars.Utils, { escapeExpression });
  }
}

function plainOnly(value: unknown): string {
  const made = printPlain(value);
  if ("refused" in made) throw new Error(`a value ${made.refused}`);
  return made.text;
}

function printPlain(value: unknown): { readonly text: string } | { readonly refused: string } {
  if (value instanceof Verbatim) return { text: value.text };
  if (typeof value !== "string" && typeof value !== "number")
    return { refused: "is no text and cannot be printed; if and each go through it" };
  return PLAIN.test(String(value)) ? { text: String(value) } : { refused: "is not plain text and cannot be printed" };
}
