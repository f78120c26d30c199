import type { HelperOptions } from "handlebars";
import { nearest } from "../../shared/nearest.ts";
import { LocatedError, TemplateEngine } from "./engine.ts";
import type { Escaped, Scalar } from "./formats/format.ts";
import { NGINX } from "./formats/nginx.ts";
import { HostTexts } from "./host-texts.ts";
import { bare, type Page, Verbatim } from "./model.ts";
import { BLOCKS, type TemplateRules } from "./prepare-template.ts";
import { printable } from "./printable.ts";
import { RenderBounds } from "./render-bounds.ts";
import { RenderedValues } from "./rendered-values.ts";
import { TemplateError } from "./template-error.ts";

/** Largest output, in bytes: ten thousand hosts take three MiB. */
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** Text that is printed as it is. Everything else was rejected by a grammar before, so this is a second check. */
const PLAIN = /^[A-Za-z0-9._:/*[\]-]*$/;

const RULES: TemplateRules = {
  blocks: [...BLOCKS, "eachHost"],
  helpers: new Map(),
  partials: [],
  checksNames: false,
};

/** Renders a page as UTF-8. The time is proportional to the number of new hosts. Throws TemplateError. */
export type Render<Host extends object = object> = (page: Page<Host>) => Buffer;

/** Compiles the template of an nginx target. Throws TemplateError. */
export function compileTemplate<Host extends object>(text: string, file: string): Render<Host> {
  let names: () => readonly string[] = () => [];
  const values = new RenderedValues(IN_QUOTES);
  const engine = new TemplateEngine(
    (value, place) => {
      const isQuoted = value instanceof Verbatim && value.text.startsWith('"');
      return isQuoted ? values.add(value.text, false, place) : printable(value, plain);
    },
    (name) => nearestOf(name, names()),
  );
  const bounds = new RenderBounds();
  engine.wrapBlock("each", () => {
    const loop = bounds.loop();
    return (_item, body) => loop(body());
  });
  const hosts = new HostTexts<Host>(bounds, values);
  engine.registerHelper("eachHost", ({ fn }: HelperOptions) => hosts.render(fn));
  const render = engine.compile({ file, text }, RULES);
  return (page) => {
    names = () => namesOf(page);
    bounds.begin(page.hosts.length);
    try {
      const bytes = hosts.assemble(page, () => render(bare(page.fields)));
      if (bytes.length <= MAX_OUTPUT_BYTES) return bytes;
    } catch (error) {
      const place = error instanceof LocatedError ? "" : `${file}: `;
      throw new TemplateError("template.render", `${place}${(error as Error).message}`);
    } finally {
      names = () => [];
    }
    throw new TemplateError("template.size", `${file}: renders more than ${MAX_OUTPUT_BYTES} bytes`);
  };
}

/** Values that are in quotes already. */
const IN_QUOTES = {
  alone: (value: Scalar): Escaped => ({ text: String(value) }),
  inner: (): Escaped => ({ refused: "is in quotes already" }),
  syntax: {
    ...NGINX.syntax!,
    joined: (): Escaped => ({ refused: "is in quotes, and touches other text; write a space between them" }),
    lacksInner: true,
  },
};

function plain(value: Scalar): Escaped {
  if (typeof value === "boolean") return { refused: "is true or false; use {{#if}}" };
  const text = String(value);
  return PLAIN.test(text) ? { text } : { refused: "is not plain text and cannot be printed" };
}

function nearestOf(name: string, names: readonly string[]): string {
  const near = nearest(name, names);
  return near === undefined || near === name ? "" : `; did you mean ${near}?`;
}

function namesOf<Host extends object>({ fields, hosts: [host], modelOf }: Page<Host>): string[] {
  return [...Object.keys(fields), ...(host ? Object.keys(modelOf(host)) : [])];
}
