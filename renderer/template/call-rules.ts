import { RE2JS } from "re2js";
import { nearest } from "../../shared/nearest.ts";
import type { Signature } from "./signature.ts";
import { shown } from "./template-helper.ts";

/**
 * Returns what is wrong with a call whatever the data: the number of arguments, an unknown named argument, or an invalid
 * regular expression. Reported when the template is read, so that no container is blamed for it.
 */
export function callProblem(
  signature: Signature,
  params: readonly hbs.AST.Expression[],
  hash: hbs.AST.Hash | undefined,
): string | undefined {
  const { name, usage, parameters, required, repeats, named } = signature;
  if (params.length < required) return `${name}: ${parameters[params.length]} is missing; write ${usage}`;
  if (!repeats && params.length > parameters.length) return `${name}: too many arguments; write ${usage}`;
  const unknown = hash?.pairs.find(({ key }) => !named.includes(key));
  if (unknown) {
    const near = nearest(unknown.key, named);
    const hint = near === undefined ? "" : `, did you mean ${near}=?`;
    return `${name}: unknown argument ${unknown.key}=${hint}; write ${usage}`;
  }
  const [first] = params;
  if (parameters[0] !== "PATTERN" || first?.type !== "StringLiteral") return undefined;
  return patternProblem(name, (first as hbs.AST.StringLiteral).value);
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
