import Handlebars from "handlebars";

/** What a template prints of: nginx's hosts, or containers; with the line where that is seen, when it is. */
export type TemplateKind =
  | { readonly kind: "routes" | "containers"; readonly line: number | undefined }
  | { readonly problem: string };

/**
 * What a template is for, by what it uses: only a template over routes has the block `eachHost`, and only one over
 * containers the list `containers`. One that uses neither prints the same whoever runs, and is one over containers.
 */
export function kindOfTemplate(text: string, file: string): TemplateKind {
  const tree = parse(text);
  if (typeof tree === "string") return { problem: `${file}: ${tree}` };
  const eachHost = lineOf(tree, "eachHost");
  if (eachHost !== undefined) return { kind: "routes", line: eachHost };
  return { kind: "containers", line: lineOf(tree, "containers") };
}

function parse(text: string): hbs.AST.Program | string {
  try {
    return Handlebars.parse(text);
  } catch (error) {
    return ((error as Error).message.split("\n")[0] ?? "").replace(/:$/, "");
  }
}

/** Where a path begins with this name. */
function lineOf(value: unknown, name: string): number | undefined {
  if (Array.isArray(value)) return firstOf(value, name);
  if (!isNode(value)) return undefined;
  const isName = value.type === "PathExpression" && firstPart(value as hbs.AST.PathExpression) === name;
  return isName
    ? value.loc.start.line
    : firstOf(
        Object.entries(value).flatMap(([member, child]: [string, unknown]) => (member === "loc" ? [] : [child])),
        name,
      );
}

function firstOf(values: readonly unknown[], name: string): number | undefined {
  for (const value of values) {
    const line = lineOf(value, name);
    if (line !== undefined) return line;
  }
  return undefined;
}

/** `@root.containers` is the same list. */
function firstPart({ data, parts }: hbs.AST.PathExpression): string | undefined {
  return data && parts[0] === "root" ? parts[1] : parts[0];
}

function isNode(value: unknown): value is hbs.AST.Node {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}
