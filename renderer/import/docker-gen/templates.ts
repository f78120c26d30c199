import { basename, resolve } from "node:path";
import type { readText } from "../../disk/read-text.ts";
import { kindOfTemplate, type TemplateKind } from "../../template/template-kind.ts";
import { differs, type Note, quoted, skipped } from "../note.ts";

/** The template of compose.yml. */
export const SHIPPED_TEMPLATE = "/etc/sallyport/templates/nginx.conf.hbs";

/** Templates of a target. The first renders the file. */
export interface ImportedTemplates {
  readonly kind: "nginx" | "template";
  readonly paths: readonly [string, ...string[]];
  readonly notes: readonly Note[];
}

/** A template's path in the configuration, and what is there now. */
interface Found {
  readonly path: string;
  readonly kind: TemplateKind;
  readonly notes: readonly Note[];
}

/** Imports docker-gen's `a;b`: the first template renders, the others are its partials. The text decides the kind of target. */
export function importTemplates(names: string, directory: string, read: typeof readText): ImportedTemplates {
  const [first = "", ...more] = names.split(";");
  const found = names.split(";").flatMap((name) => (name === "" ? [] : [find(name, directory, read)]));
  const [main, ...others] = found;
  if (first === "" || main === undefined) {
    const note = skipped("no template, where docker-gen exits with an error; Sallyport's template is used", "template");
    return { kind: "nginx", paths: [SHIPPED_TEMPLATE], notes: [note] };
  }
  const notes = found.flatMap((one) => one.notes);
  if (!found.some(({ kind }) => "kind" in kind && kind.kind === "routes")) {
    return { kind: "template", paths: [main.path, ...others.map(({ path }) => path)], notes };
  }
  const ignored = more.map((name) => skipped(`template ${quoted(name)}: an nginx target has one template`, "template"));
  return { kind: "nginx", paths: [main.path], notes: [...notes, ...ignored] };
}

const ROUTES: TemplateKind = { kind: "routes", line: undefined };

function find(name: string, directory: string, read: typeof readText): Found {
  if (basename(name) === "nginx.tmpl" && isOfNginxProxy(read(resolve(directory, name)))) {
    const text = `${quoted(name)} is assumed to be nginx-proxy's template, which Sallyport's replaces; if it is your own, rename it`;
    return { path: SHIPPED_TEMPLATE, kind: ROUTES, notes: [differs(text, "template")] };
  }
  const isHandlebars = name.endsWith(".hbs");
  const path = resolve(directory, isHandlebars ? name : `${name.replace(/\.(tmpl|tpl|gotmpl|template)$/, "")}.hbs`);
  if (path === SHIPPED_TEMPLATE) return { path, kind: ROUTES, notes: [] };
  const found = read(path);
  if ("problem" in found) {
    const text = isHandlebars
      ? `${found.problem}; a template target is assumed`
      : `${quoted(name)} is a Go template; rewrite it for Handlebars at the path below`;
    return { path, kind: { kind: "containers", line: undefined }, notes: [skipped(text, "template")] };
  }
  const kind = kindOfTemplate(found.text, path);
  const instead = differs(
    `${quoted(name)} is a Go template; the Handlebars template next to it replaces it`,
    "template",
  );
  return { path, kind, notes: [...(isHandlebars ? [] : [instead]), aboutKind(path, kind)] };
}

/** A template that cannot be read here is most likely in nginx-proxy's image. */
function isOfNginxProxy(found: ReturnType<typeof readText>): boolean {
  return "problem" in found || found.text.includes("VIRTUAL_HOST");
}

function aboutKind(path: string, found: TemplateKind): Note {
  const name = quoted(basename(path));
  if ("problem" in found) return skipped(`${found.problem}: the kind of template is unknown`, "template");
  if (found.kind === "routes")
    return differs(`${name} has \`eachHost\` in line ${found.line}: an nginx target`, "template");
  const reason =
    found.line === undefined ? "has neither `eachHost` nor `containers`" : `has \`containers\` in line ${found.line}`;
  return differs(`${name} ${reason}: a template target, with a \`format\``, "template");
}
