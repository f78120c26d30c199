import { RE2JS } from "re2js";
import { HELPERS } from "./helper-table.ts";
import type { LintProblem } from "./lint.ts";
import { nearest } from "../../shared/nearest.ts";
import { type Signature, signatureOf } from "./signature.ts";
import { shown } from "./template-helper.ts";

/** Everything that is called by its name, as it is written. */
const SIGNATURES: ReadonlyMap<string, Signature> = new Map(
  [...HELPERS.map(({ usage }) => usage), "raw VALUE", "inner VALUE", "include NAME", "exists NAME"].map((usage) => {
    const signature = signatureOf(usage);
    return [signature.name, signature];
  }),
);

/** A call as Handlebars has it in its tree. */
interface Call {
  readonly path: hbs.AST.PathExpression;
  readonly params: readonly hbs.AST.Expression[];
  readonly hash: hbs.AST.Hash | undefined;
  readonly loc: hbs.AST.SourceLocation;
}

/**
 * What is wrong with calls whatever the data: too few or too many arguments, named ones that are not there, and regular
 * expressions that are none. Without this it would be told when the first container comes by, as if it were its fault.
 */
export function* lintCalls(value: unknown): Generator<LintProblem> {
  if (Array.isArray(value)) for (const item of value as unknown[]) yield* lintCalls(item);
  if (!isNode(value)) return;
  if (value.type === "SubExpression" || value.type === "MustacheStatement") {
    const call = value as unknown as Call;
    const problem = faultOf(call, SIGNATURES.get(call.path.original));
    if (problem !== undefined) yield { ...call.loc.start, problem };
  }
  for (const [member, child] of Object.entries(value)) if (member !== "loc") yield* lintCalls(child);
}

function faultOf({ params, hash }: Call, signature: Signature | undefined): string | undefined {
  if (!signature) return undefined;
  const { name, usage, parameters, required, repeats, named } = signature;
  if (params.length < required) return `${name}: ${parameters[params.length]} is not given; write ${usage}`;
  if (!repeats && params.length > parameters.length) return `${name}: more arguments than it has; write ${usage}`;
  const unknown = hash?.pairs.find(({ key }) => !named.includes(key));
  if (unknown) {
    const near = nearest(unknown.key, named);
    return `${name}: no argument ${unknown.key}=${near === undefined ? "" : `, did you mean ${near}=?`}; write ${usage}`;
  }
  const [first] = params;
  if (parameters[0] !== "PATTERN" || first?.type !== "StringLiteral") return undefined;
  return faultOfPattern(name, (first as hbs.AST.StringLiteral).value);
}

function faultOfPattern(name: string, pattern: string): string | undefined {
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch (error) {
    const why = (error as Error).message.replace(/^error parsing regexp: /, "");
    return `${name}: "${shown(pattern)}" is no regular expression of RE2: ${shown(why, 100)}`;
  }
}

function isNode(value: unknown): value is hbs.AST.Node {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}
