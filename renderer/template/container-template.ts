import { basename } from "node:path";
import { registerContainerHelpers, SIGNATURES } from "./container-helpers.ts";
import { LocatedError, type PrintPlace, TemplateEngine } from "./engine.ts";
import { FailingContainers, type Fault } from "./failing-containers.ts";
import type { Escaped, Format } from "./formats/format.ts";
import { FORMATS, type FormatName } from "./formats/format-table.ts";
import { bare, Inner, type Model } from "./model.ts";
import { BLOCKS, type TemplateRules } from "./prepare-template.ts";
import { emptyRecord } from "./plain-record.ts";
import { printable } from "./printable.ts";
import type { TemplateText } from "./read-template.ts";
import { RenderedValues } from "./rendered-values.ts";

/** Longest output, in characters. */
const MAX_OUTPUT_CHARS = 16 * 1024 * 1024;

export interface ContainerTemplateOptions {
  /** The first is rendered; the others are partials, named by their file name up to its first dot. */
  readonly templates: readonly TemplateText[];
  readonly format: FormatName;
  readonly includes?: string | undefined;
}

/** The outcome of a rendering: a text, the containers that it fails for, or an error without a container. */
export type Rendering =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "faults"; readonly faults: readonly Fault[] }
  | { readonly kind: "failed"; readonly message: string };

/**
 * Compiles the templates of a template target, which render a list of containers. `hint` receives messages about values
 * that some container may choose so that they cannot be printed. Throws TemplateError.
 */
export function compileContainerTemplate(
  options: ContainerTemplateOptions,
  hint: (message: string) => void = () => undefined,
): (views: readonly Model[]) => Rendering {
  const { templates, includes } = options;
  const [main, ...others] = templates as [TemplateText, ...TemplateText[]];
  const format: Format = FORMATS[options.format];
  const { syntax } = format;
  const values = syntax && new RenderedValues({ ...format, syntax });
  let failing = new FailingContainers([]);
  const print = (value: unknown, place: PrintPlace): Escaped => {
    const isInner = value instanceof Inner;
    return printable(isInner ? value.value : value, (scalar) => {
      if (values) return values.add(scalar, isInner, place, failing.current);
      return isInner ? format.inner(String(scalar)) : format.alone(scalar);
    });
  };
  const engine = new TemplateEngine(print);
  for (const name of ["each", "with"]) {
    engine.wrapBlock(name, (value, { inverse, loc }) => {
      // Handlebars passes a function without parameters where the template has no {{else}}.
      if (value === undefined && inverse.length === 0) {
        throw new LocatedError(loc, `the value of ${name} is missing; add an {{else}} if it may be`);
      }
      return (item, body) => failing.attribute(item, body);
    });
  }
  registerContainerHelpers(engine, includes);
  const partials = others.map(({ file }) => basename(file).replace(/\..*$/s, ""));
  const rules: TemplateRules = {
    blocks: BLOCKS,
    helpers: SIGNATURES,
    partials,
    syntax,
    hint,
    checksNames: true,
  };
  const render = engine.compile(main, rules);
  for (const [index, name] of partials.entries()) {
    engine.compile(others[index]!, { ...rules, checksNames: false }, name);
  }
  return (views) => {
    const containers = views.map(bare);
    failing = new FailingContainers(containers);
    values?.clear();
    const text = (): string => {
      const rendered = render(Object.assign(emptyRecord(), { containers }));
      // The text of a failing container is missing, and with it the places of its values.
      if (!values || failing.faults.length > 0 || rendered.length > MAX_OUTPUT_CHARS) return rendered;
      return values.place(rendered, (index, message) => failing.blame(index, message));
    };
    return outcomeOf(text, failing, main.file);
  };
}

function outcomeOf(render: () => string, failing: FailingContainers, file: string): Rendering {
  try {
    const text = render();
    const { faults } = failing;
    if (faults.length > 0) return { kind: "faults", faults };
    // A long text is not flat in memory yet: its length is free.
    if (text.length <= MAX_OUTPUT_CHARS) return { kind: "text", text };
    return { kind: "failed", message: `${file}: renders more than ${MAX_OUTPUT_CHARS} characters` };
  } catch (error) {
    // A failing container may be the reason for this error, too: report the containers first.
    const { faults } = failing;
    if (faults.length > 0) return { kind: "faults", faults };
    if (!(error instanceof RangeError)) return { kind: "failed", message: (error as Error).message };
    return { kind: "failed", message: `${file}: nested too deep; check whether its partials use each other` };
  }
}
