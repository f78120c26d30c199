import { RE2JS } from "re2js";
import { nearest } from "../../shared/nearest.ts";
import { CONTAINER_FIELDS } from "./container-view.ts";
import { CONTAINER_SCOPE, nameProblem } from "./name-rules.ts";
import { argumentProblem, type Signature } from "./signature.ts";
import { shown } from "./helper-error.ts";
import { firstName } from "./template-kind.ts";

/**
 * Returns what is wrong with a call whatever the data: its arguments, an invalid regular expression, or a misspelled field. Reported when the template is read, so that no container is blamed for it.
 */
export function callProblem(
  signature: Signature,
  params: readonly hbs.AST.Expression[],
  hash: hbs.AST.Hash | undefined,
): string | undefined {
  const problem = argumentProblem(signature, params.length, hash?.pairs.map(({ key }) => key) ?? []);
  const [first, second] = params;
  if (problem !== undefined) return problem;
  if (signature.parameters[0] === "PATTERN" && isText(first)) return patternProblem(signature.name, first.value);
  const isPath = signature.parameters.join(" ").startsWith("LIST PATH") && isContainers(first) && isText(second);
  return isPath ? pathProblem(signature.name, second.value) : undefined;
}

function isText(expression: hbs.AST.Expression | undefined): expression is hbs.AST.StringLiteral {
  return expression?.type === "StringLiteral";
}

function isContainers(expression: hbs.AST.Expression | undefined): boolean {
  if (expression?.type !== "PathExpression") return false;
  const path = expression as hbs.AST.PathExpression;
  return firstName(path) === "containers" && path.parts.at(-1) === "containers";
}

/** A first name that is nearly a field is one, misspelled or in docker-gen's case: it would match no container. */
function pathProblem(name: string, path: string): string | undefined {
  const [first = ""] = path.replace(/^\./, "").split(".");
  const isMeant = first.length > 2 && nearest(first, CONTAINER_FIELDS) !== undefined;
  return isMeant ? nameProblem(`${name}: "${shown(path)}"`, first, CONTAINER_SCOPE) : undefined;
}

function patternProblem(name: string, pattern: string): string | undefined {
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch (error) {
    const reason = (error as Error).message.replace(/^error parsing regexp: /, "");
    return `${name}: "${shown(pattern)}" is not a regular expression of RE2: ${shown(reason, 100)}`;
  }
}
