import Handlebars from "handlebars";
import { readTemplate, type TemplateText } from "./read-template.ts";

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

/** Returns whether the default policy discloses the name. */
export function isDisclosedByDefault(from: NameRead["from"], name: string): boolean {
  return BY_DEFAULT[from].test(name);
}

/** Returns the labels and variables that templates read by a name in their text. Throws TemplateError. */
export function namesRead(templates: readonly TemplateText[]): NameRead[] {
  const found = new Map<string, NameRead>();
  for (const template of templates) {
    new NameReader((from, name, line) => {
      const key = `${from} ${name}`;
      if (!found.has(key)) found.set(key, { from, name, place: `${template.file}:${line}` });
    }).accept(readTemplate(template));
  }
  return [...found.values()];
}

class NameReader extends Handlebars.Visitor {
  readonly #add: (from: NameRead["from"], name: string, line: number) => void;

  constructor(add: (from: NameRead["from"], name: string, line: number) => void) {
    super();
    this.#add = add;
  }

  /** `labels.[caddy.host]`. */
  override PathExpression({ parts, loc }: hbs.AST.PathExpression): void {
    this.#read(parts, loc);
  }

  override MustacheStatement(node: hbs.AST.MustacheStatement): void {
    this.#call(node);
    super.MustacheStatement(node);
  }

  override BlockStatement(node: hbs.AST.BlockStatement): void {
    this.#call(node);
    super.BlockStatement(node);
  }

  override SubExpression(node: hbs.AST.SubExpression): void {
    this.#call(node);
    super.SubExpression(node);
  }

  /** `whereLabelExists containers "x"`, `where containers "labels.x"` and `get labels "x"`. */
  #call({ path, params: [list, text] }: Pick<hbs.AST.MustacheStatement, "path" | "params">): void {
    if (text?.type !== "StringLiteral" || path.type !== "PathExpression") return;
    const { value, loc } = text as hbs.AST.StringLiteral;
    const helper = (path as hbs.AST.PathExpression).original;
    if (helper.includes("Label")) return this.#read(["labels", value], loc);
    if (/^(?:get|index|hasKey|contains)$/.test(helper) && list?.type === "PathExpression") {
      return this.#read([...(list as hbs.AST.PathExpression).parts, value], loc);
    }
    if (/^(?:where|group|map|sort|at)/.test(helper)) this.#read(value.split("."), loc);
  }

  #read([record = "", ...name]: readonly string[], loc: hbs.AST.SourceLocation): void {
    const [, from] = /^(?:own)?(labels|env)$/i.exec(record) ?? [];
    if (from !== undefined && name.length > 0) {
      this.#add(from.toLowerCase() as NameRead["from"], name.join("."), loc.start.line);
    }
  }
}
