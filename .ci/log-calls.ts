import { readdirSync, readFileSync } from "node:fs";
import { parseSync, Visitor } from "oxc-parser";

/** One call `log(level, "event", { fields })` in the source code. */
export interface LogCall {
  readonly file: string;
  /** Empty when the level is not a literal. */
  readonly levels: readonly string[];
  /** Empty when the event is not a literal. */
  readonly events: readonly string[];
  readonly fields: readonly string[];
}

type Call = Parameters<NonNullable<ConstructorParameters<typeof Visitor>[0]["CallExpression"]>>[0];
type Expression = Call["arguments"][number];

/** Returns every log call of a program, in the order of files and lines. */
export function logCalls(program: string): LogCall[] {
  const names = readdirSync(program, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  return names.toSorted().flatMap((name) => callsOf(`${program}/${name}`));
}

function callsOf(file: string): LogCall[] {
  const calls: LogCall[] = [];
  const { program, errors } = parseSync(file, readFileSync(file, "utf8"));
  if (errors[0]) throw new Error(`${file}: ${errors[0].message}`);
  new Visitor({
    CallExpression(call) {
      const [level, event, fields] = call.arguments;
      if (!isLog(call.callee) || !level || !event) return;
      calls.push({ file, levels: literals(level), events: literals(event), fields: fields ? keys(fields) : [] });
    },
  }).visit(program);
  return calls;
}

/** Whether the callee is `log`, `x.log` or `x.#log`. */
function isLog(callee: Call["callee"]): boolean {
  if (callee.type === "Identifier") return callee.name === "log";
  return callee.type === "MemberExpression" && "name" in callee.property && callee.property.name === "log";
}

/** The string literals that an expression can evaluate to; none when it is anything else. */
function literals(expression: Expression): string[] {
  if (expression.type === "Literal" && typeof expression.value === "string") return [expression.value];
  if (expression.type !== "ConditionalExpression") return [];
  return [...literals(expression.consequent), ...literals(expression.alternate)];
}

/** The keys of an object literal, including those of object literals that it spreads. */
function keys(expression: Expression): string[] {
  if (expression.type === "ParenthesizedExpression") return keys(expression.expression);
  if (expression.type === "LogicalExpression") return keys(expression.right);
  if (expression.type === "ConditionalExpression")
    return [...keys(expression.consequent), ...keys(expression.alternate)];
  if (expression.type !== "ObjectExpression") return [];
  return expression.properties.flatMap((property) => {
    if (property.type === "SpreadElement") return keys(property.argument);
    return property.key.type === "Identifier" ? [property.key.name] : [];
  });
}
