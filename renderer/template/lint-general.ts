import type { LintProblem } from "./lint.ts";
import { nearest } from "../../shared/nearest.ts";

/** What only a general template must not do: name partials that are not there, or use them as blocks. */
export function* lintGeneral(value: unknown, partials: readonly string[]): Generator<LintProblem> {
  if (Array.isArray(value)) for (const item of value as unknown[]) yield* lintGeneral(item, partials);
  if (!isNode(value)) return;
  const problem = faultOf(value, partials);
  if (problem !== undefined) yield { ...value.loc.start, problem };
  for (const [member, child] of Object.entries(value)) if (member !== "loc") yield* lintGeneral(child, partials);
}

function faultOf(node: hbs.AST.Node, partials: readonly string[]): string | undefined {
  if (node.type === "PartialBlockStatement") return "a partial cannot be a block";
  if (node.type !== "PartialStatement") return undefined;
  const name = ((node as hbs.AST.PartialStatement).name as hbs.AST.PathExpression).original;
  const near = nearest(name, partials);
  const advice = near === undefined ? "" : `, did you mean ${near}?`;
  return partials.includes(name) ? undefined : `no other template of the target is named ${name}${advice}`;
}

function isNode(value: unknown): value is hbs.AST.Node {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}
