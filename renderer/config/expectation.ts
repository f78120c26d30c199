import type * as z from "zod";
import { nearest } from "../../shared/nearest.ts";
import type { PublishedSchema } from "./published-schema.ts";

/** Most characters of a wrong value that a message quotes. */
const MAX_QUOTED = 60;

type Issue = z.core.$ZodIssue;

const TYPES: Readonly<Record<string, string>> = {
  object: "a mapping (key: value)",
  array: "a list",
  string: "a string",
  number: "a number",
  int: "an integer",
  boolean: "true or false",
};

/** Returns whether YAML has a mapping, a list or a scalar there. */
export function kindOf(value: unknown): "object" | "array" | "scalar" | "nothing" {
  if (value === undefined || value === null) return "nothing";
  if (Array.isArray(value)) return "array";
  return typeof value === "object" ? "object" : "scalar";
}

/** Returns what is wrong with a value: what it must be, what it is, and the nearest valid one. */
export function describeValue(issue: Issue, value: unknown, schemas: readonly PublishedSchema[]): string {
  const rule = ruleOf(issue);
  if (value === undefined) return `is missing; it ${rule}`;
  const isScalar = kindOf(value) === "scalar";
  if (!/^(?:must|needs) /.test(rule)) return isScalar ? `invalid value ${quote(value)}: ${rule}` : rule;
  if (!isScalar && ["custom", "too_small", "too_big"].includes(issue.code)) return rule;
  const text = !isScalar ? "" : typeof value === "string" ? value : JSON.stringify(value);
  return `${rule}, not ${quote(value)}${isScalar && text.length <= MAX_QUOTED ? hintFor(text, issue, schemas) : ""}`;
}

/** Returns the nearest valid value, or the text in the shape that the schema needs. */
function hintFor(text: string, issue: Issue, schemas: readonly PublishedSchema[]): string {
  const near = nearest(text, validValues(issue));
  if (near !== undefined) return `; did you mean ${JSON.stringify(near)}?`;
  const shape = issue.code === "invalid_type" ? shapeOf(text, schemas) : undefined;
  return typeof shape === "object" ? `; write ${JSON.stringify(shape)}` : "";
}

/** Returns whether the schema has a message of its own for the issue. */
export function hasOwnMessage({ message }: Issue): boolean {
  return !/^(?:Invalid|Too) /.test(message);
}

function quote(value: unknown): string {
  const kind = kindOf(value);
  if (kind === "nothing") return "empty";
  if (kind !== "scalar") return TYPES[kind]!;
  const text = JSON.stringify(value);
  return text.length <= MAX_QUOTED ? text : `${text.slice(0, MAX_QUOTED)}…`;
}

function validValues(issue: Issue): string[] {
  if (issue.code === "invalid_value") return issue.values.map(String);
  if (issue.code !== "invalid_union") return [];
  if ("options" in issue) return (issue.options as unknown[]).filter((value) => value !== undefined).map(String);
  return issue.errors.flat().flatMap(validValues);
}

/** Returns what the value must be, as a predicate. */
function ruleOf(issue: Issue): string {
  if (hasOwnMessage(issue)) return issue.message;
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- all others have a message of the schema
  switch (issue.code) {
    case "invalid_type":
      return `must be ${TYPES[issue.expected] ?? issue.expected}`;
    case "invalid_union": {
      const types = issue.errors.flat().flatMap((inner) => (inner.code === "invalid_type" ? [inner.expected] : []));
      const values = validValues(issue);
      const all = [...new Set(types.map((type) => TYPES[type] ?? type)), ...(values.length > 0 ? [oneOf(values)] : [])];
      return `must be ${all.join(", or ")}`;
    }
    case "invalid_value":
      return `must be ${oneOf(validValues(issue))}`;
    case "too_small":
      return issue.origin === "number" ? `must be at least ${issue.minimum}` : `must have at least ${sizeOf(issue)}`;
    case "too_big":
      return issue.origin === "number" ? `must be at most ${issue.maximum}` : `must have at most ${sizeOf(issue)}`;
    default:
      return issue.message;
  }
}

function oneOf(values: readonly string[]): string {
  return `${values.length > 1 ? "one of " : ""}${values.join(", ")}`;
}

function sizeOf(issue: z.core.$ZodIssueTooBig | z.core.$ZodIssueTooSmall): string {
  const size = Number(issue.code === "too_big" ? issue.maximum : issue.minimum);
  const unit = issue.origin === "array" ? ["entry", "entries"] : ["character", "characters"];
  return `${size} ${size === 1 ? unit[0] : unit[1]}`;
}

/** Returns a text in the shape of a list or a mapping that takes it; undefined if that is not clear. */
function shapeOf(text: string, [schema, ...more]: readonly PublishedSchema[]): unknown {
  if (schema === undefined || more.length > 0) return undefined;
  if (schema.type === "string") return text;
  if (schema.type === "array" && typeof schema.items === "object" && !Array.isArray(schema.items)) {
    if (schema.items.type === "string") return text.trim().split(/\s+/);
    const entry = shapeOf(text, [schema.items]);
    return entry === undefined ? undefined : [entry];
  }
  const [key, ...others] = schema.required ?? [];
  const inner = key === undefined ? undefined : schema.properties?.[key];
  if (key === undefined || others.length > 0 || typeof inner !== "object") return undefined;
  const value = shapeOf(text, [inner]);
  return value === undefined ? undefined : { [key]: value };
}
