/** The helper that prints: every `{{…}}` of a template becomes a call of it. No template can write a name with a space. */
export const PRINT = " print";

/** Its named argument that says what is printed, for messages. */
export const WHAT = "what";

/**
 * Changes a template's tree: each `{{value}}` becomes a call of the helper PRINT with the value, so that one place
 * prints, and knows where it is. `isHelper` says what is called by its name alone.
 */
export function annotate(value: unknown, isHelper: (name: string) => boolean): void {
  if (Array.isArray(value)) for (const item of value as unknown[]) annotate(item, isHelper);
  if (!isNode(value)) return;
  for (const [member, child] of Object.entries(value)) if (member !== "loc") annotate(child, isHelper);
  if (value.type === "MustacheStatement") printIt(value as hbs.AST.MustacheStatement, isHelper);
}

function printIt(statement: hbs.AST.MustacheStatement, isHelper: (name: string) => boolean): void {
  const { path, params, hash, loc } = statement;
  const what = (path as hbs.AST.PathExpression).original;
  const isCall = params.length > 0 || (hash as hbs.AST.Hash | undefined) !== undefined || isHelper(what);
  const value = isCall ? { type: "SubExpression", path, params, hash, loc } : path;
  const text = { type: "StringLiteral", value: what, original: what, loc };
  Object.assign(statement, {
    path: { type: "PathExpression", data: false, depth: 0, parts: [PRINT], original: PRINT, loc },
    params: [value],
    hash: { type: "Hash", pairs: [{ type: "HashPair", key: WHAT, value: text, loc }], loc },
  });
}

function isNode(value: unknown): value is hbs.AST.Node {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}
