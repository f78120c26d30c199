import { basename } from "node:path";
import Handlebars from "handlebars";
import { annotate } from "./annotate.ts";
import { Culprits, type Fault } from "./culprits.ts";
import { FORMATS, type FormatName } from "./formats/format-table.ts";
import { GeneralHelpers } from "./general-helpers.ts";
import { lint, MAX_TEMPLATE_BYTES } from "./lint.ts";
import { lintGeneral } from "./lint-general.ts";
import { bare, type Model } from "./model.ts";
import { lintQuotes } from "./quotes.ts";
import { TemplateError } from "./template.ts";

/** Longest text a template may make, in characters. */
const MAX_OUTPUT_CHARS = 16 * 1024 * 1024;

/** What is in a template's file. */
export interface TemplateText {
  readonly file: string;
  readonly text: string;
}

export interface GeneralOptions {
  /** The first is printed; the others are partials by the beginning of their file's name. */
  readonly templates: readonly TemplateText[];
  readonly format: FormatName;
  /** Directory of what `include` may read. */
  readonly includes?: string | undefined;
}

/** What came of a rendering: a text, or the containers that it failed for, or an error that is nobody's. */
export type Rendering =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "faults"; readonly faults: readonly Fault[] }
  | { readonly kind: "failed"; readonly message: string };

/** Compiles templates that print any file of a list of containers. Throws TemplateError. */
export function compileGeneral(options: GeneralOptions): (views: readonly Model[]) => Rendering {
  const engine = Handlebars.create();
  const helpers = new GeneralHelpers(engine, FORMATS[options.format], options.includes);
  const [main, ...partials] = options.templates.map(({ file }) => ({
    file,
    name: basename(file).replace(/\..*$/s, ""),
  }));
  const compiled = options.templates.map((template) =>
    compile(template, {
      engine,
      helpers,
      quotes: FORMATS[options.format].hasQuotes,
      partials: partials.map(({ name }) => name),
    }),
  );
  for (const [index, { name }] of partials.entries()) engine.registerPartial(name, compiled[index + 1]!);
  return (views) => {
    const containers = views.map(bare);
    const culprits = new Culprits(containers);
    helpers.use(culprits);
    return rendered(() => compiled[0]!(bareRoot(containers), NO_PROTOTYPES), culprits, main!.file);
  };
}

interface Workshop {
  readonly engine: typeof Handlebars;
  readonly helpers: GeneralHelpers;
  /** Whether values bring quotes of their own. */
  readonly quotes: boolean;
  readonly partials: readonly string[];
}

function compile(template: TemplateText, workshop: Workshop): HandlebarsTemplateDelegate {
  const { engine, helpers, quotes, partials } = workshop;
  const { file } = template;
  const tree = parse(engine, template);
  const [problem] = [...lint(tree, true), ...lintGeneral(tree, partials), ...(quotes ? lintQuotes(tree) : [])];
  if (problem) throw forbidden(file, problem.line, problem.column, problem.problem);
  annotate(tree, (name) => helpers.isPlain(name));
  const how = { knownHelpersOnly: true, knownHelpers: helpers.known, preventIndent: true } as CompileOptions;
  try {
    // `compile` is lazy: this tells a helper that does not exist now.
    engine.precompile(tree, how);
    return engine.compile(tree, how);
  } catch (error) {
    const { lineNumber = 1, column = 0, message } = error as Error & { lineNumber?: number; column?: number };
    throw forbidden(file, lineNumber, column, message.replace(/ - [0-9]+:[0-9]+$/, ""));
  }
}

function parse(engine: typeof Handlebars, { file, text }: TemplateText): hbs.AST.Program {
  if (Buffer.byteLength(text) > MAX_TEMPLATE_BYTES) {
    throw new TemplateError("template.size", `${file}: larger than ${MAX_TEMPLATE_BYTES} bytes`);
  }
  try {
    return engine.parse(text, { srcName: file });
  } catch (error) {
    const { message } = error as Error;
    const line = /^Parse error on line ([0-9]+):/.exec(message)?.[1] ?? "1";
    throw new TemplateError("template.syntax", `${file}:${line}: ${message.split("\n").slice(0, 3).join(" ")}`);
  }
}

function forbidden(file: string, line: number, column: number, problem: string): TemplateError {
  return new TemplateError("template.forbidden", `${file}:${line}:${column + 1}: ${problem}`);
}

const NO_PROTOTYPES = { allowProtoPropertiesByDefault: false, allowProtoMethodsByDefault: false };

function bareRoot(containers: readonly unknown[]): object {
  return Object.assign(Object.create(null) as object, { containers });
}

function rendered(render: () => string, culprits: Culprits, file: string): Rendering {
  try {
    const text = render();
    const { faults } = culprits;
    if (faults.length > 0) return { kind: "faults", faults };
    // A long text is not flat in memory yet: asking for its length costs nothing.
    if (text.length <= MAX_OUTPUT_CHARS) return { kind: "text", text };
    return { kind: "failed", message: `${file}: makes more than ${MAX_OUTPUT_CHARS} characters` };
  } catch (error) {
    // Whoever is known to be at fault may be the reason for this, too: first without them.
    const { faults } = culprits;
    return faults.length > 0 ? { kind: "faults", faults } : { kind: "failed", message: (error as Error).message };
  }
}
