import { CONTAINER_FIELDS } from "./container-view.ts";
import type { LintProblem } from "./lint.ts";
import { nearest } from "../../shared/nearest.ts";

/** Names that are possible where something is told about: all that the template is given, or a container. */
type Scope = { readonly names: readonly string[]; readonly what: string } | undefined;

const ROOT: Scope = { names: ["containers"], what: "a template is given" };
const CONTAINER: Scope = { names: CONTAINER_FIELDS, what: "a container has" };

/**
 * Names that nothing can have: at the top of the template, and directly inside of `each containers`. Anywhere else
 * a helper may have made the records, and is not guessed at.
 */
export function* lintNames(tree: hbs.AST.Program, isHelper: (name: string) => boolean): Generator<LintProblem> {
  yield* inProgram(tree, ROOT);

  function* inProgram(program: hbs.AST.Program | undefined, scope: Scope): Generator<LintProblem> {
    if (!scope || (program?.blockParams?.length ?? 0) > 0) return;
    for (const statement of program?.body ?? []) {
      if (statement.type === "MustacheStatement") yield* inCall(statement as hbs.AST.MustacheStatement, scope);
      if (statement.type === "BlockStatement") yield* inBlock(statement as hbs.AST.BlockStatement, scope);
    }
  }

  function* inBlock(block: hbs.AST.BlockStatement, scope: Scope): Generator<LintProblem> {
    for (const param of block.params) yield* inExpression(param, scope);
    yield* inProgram(block.program, insideOf(block, scope));
    yield* inProgram(block.inverse, scope);
  }

  function* inCall(call: hbs.AST.MustacheStatement | hbs.AST.SubExpression, scope: Scope): Generator<LintProblem> {
    const isCall = call.params.length > 0 || isHelper((call.path as hbs.AST.PathExpression).original);
    if (!isCall) yield* inExpression(call.path, scope);
    for (const param of call.params) yield* inExpression(param, scope);
  }

  function* inExpression(expression: hbs.AST.Expression, scope: Scope): Generator<LintProblem> {
    if (expression.type === "SubExpression") yield* inCall(expression as hbs.AST.SubExpression, scope);
    if (expression.type !== "PathExpression") return;
    const { parts, data, depth, original, loc } = expression as hbs.AST.PathExpression;
    const [name] = parts;
    if (!scope || name === undefined || data || depth > 0 || scope.names.includes(name)) return;
    const near = nearest(name, scope.names);
    const advice = near === undefined ? scope.names.join(", ") : `did you mean ${near}?`;
    yield { ...loc.start, problem: `${original}: no such thing among what ${scope.what}: ${advice}` };
  }
}

function insideOf({ path, params }: hbs.AST.BlockStatement, scope: Scope): Scope {
  const name = path.original;
  if (name === "if" || name === "unless") return scope;
  const [param] = params as hbs.AST.PathExpression[];
  const isOfContainers = scope === ROOT && name === "each" && param?.original === "containers";
  return isOfContainers ? CONTAINER : undefined;
}
