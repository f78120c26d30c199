import { RE2JS } from "re2js";
import { argumentProblem, type Signature } from "./signature.ts";
import { shown } from "./template-helper.ts";

/**
 * Returns what is wrong with a call whatever the data: its arguments, or an invalid regular expression. Reported when the
 * template is read, so that no container is blamed for it.
 */
export function callProblem(
  signature: Signature,
  params: readonly hbs.AST.Expression[],
  hash: hbs.AST.Hash | undefined,
): string | undefined {
  const problem = argumentProblem(signature, params.length, hash?.pairs.map(({ key }) => key) ?? []);
  const [first] = params;
  if (problem !== undefined || signature.parameters[0] !== "PATTERN" || first?.type !== "StringLiteral") return problem;
  return patternProblem(signature.name, (first as hbs.AST.StringLiteral).value);
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
