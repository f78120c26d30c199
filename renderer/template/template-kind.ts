import { nodesIn, readTemplate } from "./read-template.ts";
import { TemplateError } from "./template-error.ts";

/** What a template renders: virtual hosts of nginx, or containers; with the line that shows it, if any. */
export type TemplateKind =
  | { readonly kind: "routes" | "containers"; readonly line: number | undefined }
  | { readonly problem: string };

/**
 * Returns the kind of a template by what it uses: only a template of an nginx target has the block `eachHost`, only one
 * of a template target the list `containers`. A template that uses neither is one of a template target.
 */
export function kindOfTemplate(text: string, file: string): TemplateKind {
  try {
    const paths = [...nodesIn(readTemplate({ file, text }))].filter(({ type }) => type === "PathExpression");
    const lineOf = (name: string): number | undefined =>
      paths.find((path) => firstName(path as hbs.AST.PathExpression) === name)?.loc.start.line;
    const eachHost = lineOf("eachHost");
    return eachHost === undefined
      ? { kind: "containers", line: lineOf("containers") }
      : { kind: "routes", line: eachHost };
  } catch (error) {
    if (error instanceof TemplateError) return { problem: error.message };
    throw error;
  }
}

/** `@root.containers` is the list `containers`. */
export function firstName({ data, parts }: hbs.AST.PathExpression): string | undefined {
  return data && parts[0] === "root" ? parts[1] : parts[0];
}
