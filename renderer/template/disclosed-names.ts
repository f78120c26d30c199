import { nodesIn, readTemplate, type TemplateText } from "./read-template.ts";

/** A label or variable that a template reads by its name. */
export interface NameRead {
  readonly from: "labels" | "env";
  readonly name: string;
  /** File and line of the first use. */
  readonly place: string;
}

/** Names that the default policy discloses begin like this: `npm run docs` lists them in docs/reference/policy.md. */
const BY_DEFAULT = {
  labels: /^(?:sallyport|com\.docker\.compose|com\.github\.nginx-proxy\.nginx-proxy)\./,
  env: /^(?:VIRTUAL_|EXTERNAL_HTTPS?_PORT$|(?:CERT_NAME|HSTS|HTTPS_METHOD|NETWORK_ACCESS|SERVER_TOKENS|SSL_POLICY)$)/,
};

export function isDisclosedByDefault(from: NameRead["from"], name: string): boolean {
  return BY_DEFAULT[from].test(name);
}

/** Returns the labels and variables that templates read by a name in their text. Throws TemplateError. */
export function namesRead(templates: readonly TemplateText[]): NameRead[] {
  const found = new Map<string, NameRead>();
  for (const template of templates) {
    for (const node of nodesIn(readTemplate(template))) {
      const [record = "", ...parts] = pathRead(node as CallNode | hbs.AST.PathExpression);
      const from = /^(?:own)?(labels|env)$/i.exec(record)?.[1]?.toLowerCase() as NameRead["from"] | undefined;
      const [name, key] = [parts.join("."), `${from} ${parts.join(".")}`];
      if (from === undefined || name === "" || found.has(key)) continue;
      found.set(key, { from, name, place: `${template.file}:${node.loc.start.line}` });
    }
  }
  return [...found.values()];
}

type CallNode = hbs.AST.MustacheStatement | hbs.AST.BlockStatement | hbs.AST.SubExpression;

/** `labels.[caddy.host]`, `whereLabelExists containers "x"`, `where containers "labels.x"` and `get labels "x"`. */
function pathRead(node: CallNode | hbs.AST.PathExpression): readonly string[] {
  if ("parts" in node) return node.parts;
  const [list, text] = ("params" in node ? node.params : []) as (hbs.AST.PathExpression | hbs.AST.StringLiteral)[];
  if (text?.type !== "StringLiteral" || node.path.type !== "PathExpression") return [];
  const { value } = text;
  const { original: helper } = node.path as hbs.AST.PathExpression;
  if (helper.includes("Label")) return ["labels", value];
  if (/^(?:get|index|hasKey|contains)$/.test(helper)) return list && "parts" in list ? [...list.parts, value] : [];
  return /^(?:where|group|map|sort|at)/.test(helper) ? value.split(".") : [];
}
