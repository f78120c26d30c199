import { basename } from "node:path";
import Handlebars from "handlebars";
import { annotate } from "./annotate.ts";
import { Culprits, type Fault } from "./culprits.ts";
import { FORMATS, type FormatName } from "./formats/format-table.ts";
import { GeneralHelpers } from "./general-helpers.ts";
import { lint } from "./lint.ts";
import { lintCalls } from "./lint-calls.ts";
import { lintNames } from "./lint-names.ts";
import { lintGeneral } from "./lint-general.ts";
import { bare, type Model } from "./model.ts";
import { NOT_OFFERED } from "./not-offered.ts";
import { lintQuotes } from "./quotes.ts";
import { readTemplate } from "./read-template.ts";
import { TemplateError } from "./template.ts";
import { wordsForFinding } from "./unknown-helper.ts";

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
  const compiled = options.templates.map((template, index) =>
    compile(template, {
      isMain: index === 0,
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
  /** A partial sees whatever it is given. */
  readonly isMain: boolean;
}

function compile(template: TemplateText, workshop: Workshop): HandlebarsTemplateDelegate {
  const { engine, helpers, quotes, partials, isMain } = workshop;
  const { file } = template;
  const tree = readTemplate(engine, template);
  if ("code" in tree) throw new TemplateError(tree.code, tree.problem);
  const isHelper = (name: string): boolean => helpers.isPlain(name);
  const [problem] = [
    ...lint(tree, true),
    ...lintGeneral(tree, partials),
    ...(quotes ? lintQuotes(tree) : []),
    ...lintCalls(tree),
  ];
  if (problem) throw forbidden(file, problem.line, problem.column, problem.problem);
  const [unknown] = isMain ? [...lintNames(tree, isHelper)] : [];
  annotate(tree, isHelper);
  const how = { knownHelpersOnly: true, knownHelpers: helpers.known, preventIndent: true } as CompileOptions;
  try {
    // `compile` is lazy: this tells a helper that does not exist now.
    engine.precompile(tree, how);
  } catch (error) {
    const { lineNumber = 1, column = 0, message } = error as Error & { lineNumber?: number; column?: number };
    const words = wordsForFinding(
      message,
      [...helpers.names],
      (name) => NOT_OFFERED.find((one) => one.name === name)?.why,
    );
    throw forbidden(file, lineNumber, column, words);
  }
  if (unknown) throw forbidden(file, unknown.line, unknown.column, unknown.problem);
  return engine.compile(tree, how);
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
    if (faults.length > 0) return { kind: "faults", faults };
    if (!(error instanceof RangeError)) return { kind: "failed", message: (error as Error).message };
    return { kind: "failed", message: `${file}: goes too deep; do its templates call each other without end?` };
  }
}
