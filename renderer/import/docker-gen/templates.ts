import { basename, resolve } from "node:path";
import { kindOfTemplate, type TemplateKind } from "../../template/template-kind.ts";
import { differs, leftOut, type Note, quoted } from "./note.ts";
import type { ReadText } from "./read-text.ts";

/** The template of the stack in compose.yml. */
export const SHIPPED_TEMPLATE = "/etc/sallyport/templates/nginx.conf.hbs";

/** Templates of a target, the one that prints first, and what they print of. */
export interface ImportedTemplates {
  readonly kind: "routes" | "containers";
  readonly paths: readonly [string, ...string[]];
  readonly notes: readonly Note[];
}

/** Where a template is to be, and what it is there now. */
interface Found {
  readonly path: string;
  readonly kind: TemplateKind;
  readonly notes: readonly Note[];
}

/** docker-gen's `a;b`: the first is printed, the others are what it names. What it prints of, the templates say. */
export function importTemplates(named: string, directory: string, read: ReadText): ImportedTemplates {
  const [first = "", ...more] = named.split(";");
  const found = named.split(";").flatMap((name) => (name === "" ? [] : [find(name, directory, read)]));
  const [main, ...others] = found;
  if (first === "" || main === undefined) {
    const note = leftOut("no template is named, and docker-gen would end there; ours is used", "template");
    return { kind: "routes", paths: [SHIPPED_TEMPLATE], notes: [note] };
  }
  const notes = found.flatMap((one) => one.notes);
  const isOfRoutes = found.some(({ kind }) => "kind" in kind && kind.kind === "routes");
  if (!isOfRoutes) return { kind: "containers", paths: [main.path, ...others.map(({ path }) => path)], notes };
  const left = more.map((name) => leftOut(`template ${quoted(name)}: routes are printed by one template`, "template"));
  return { kind: "routes", paths: [main.path], notes: [...notes, ...left] };
}

function find(name: string, directory: string, read: ReadText): Found {
  if (basename(name) === "nginx.tmpl") {
    const note = differs(
      `${quoted(name)} is a Go template; the nginx template shipped here takes its place`,
      "template",
    );
    return { path: SHIPPED_TEMPLATE, kind: ROUTES, notes: [note] };
  }
  const isOurs = name.endsWith(".hbs");
  const path = resolve(directory, isOurs ? name : `${name.replace(/\.(tmpl|tpl|gotmpl|template)$/, "")}.hbs`);
  if (path === SHIPPED_TEMPLATE) return { path, kind: ROUTES, notes: [] };
  const text = read(path, "template");
  if (typeof text === "string") return existing(name, path, text, isOurs);
  const note = isOurs
    ? leftOut(`${text.problem}; what it prints of is not known then, and taken to be containers`, "template")
    : leftOut(`${quoted(name)} is a Go template: write it anew for Handlebars, at the path below`, "template");
  return { path, kind: { kind: "containers", line: undefined }, notes: [note] };
}

function existing(name: string, path: string, text: string, isOurs: boolean): Found {
  const kind = kindOfTemplate(text, path);
  const instead = differs(
    `${quoted(name)} is a Go template; the one for Handlebars beside it takes its place`,
    "template",
  );
  return { path, kind, notes: [...(isOurs ? [] : [instead]), why(path, kind)] };
}

const ROUTES: TemplateKind = { kind: "routes", line: undefined };

function why(path: string, found: TemplateKind): Note {
  const name = quoted(basename(path));
  if ("problem" in found) return leftOut(`${found.problem}: what it prints of cannot be told`, "template");
  if (found.kind === "routes") {
    return differs(`${name} has \`eachHost\` in line ${found.line}: it prints routes of nginx`, "template");
  }
  const reason =
    found.line === undefined
      ? "names neither `eachHost` nor `containers`"
      : `names \`containers\` in line ${found.line}`;
  return differs(
    `${name} ${reason}: it prints of containers, and gets a \`format\` (docs/reference/templates.md)`,
    "template",
  );
}
