import type * as z from "zod";
import { nearest } from "../../shared/nearest.ts";

/** How much of a wrong value is shown, in characters. */
const MAX_SHOWN = 60;

/** What a value must be, in the words of people. */
const KINDS: Readonly<Record<string, string>> = {
  object: "keys with values",
  array: "a list",
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
};

/** The value at a path of keys; undefined when there is none. Reads own fields only. */
export function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => {
    const isThere = typeof value === "object" && value !== null && Object.hasOwn(value, key);
    return isThere ? (value as Record<PropertyKey, unknown>)[key] : undefined;
  }, root);
}

/** Whether keys stand there, a list, or something that is written as a word. */
export function kindOf(value: unknown): "object" | "array" | "scalar" | "nothing" {
  if (value === undefined || value === null) return "nothing";
  if (Array.isArray(value)) return "array";
  return typeof value === "object" ? "object" : "scalar";
}

/** What is wrong with a value: what has to stand there, what stands there, and the nearest word that may. */
export function wordsOf(issue: z.core.$ZodIssue, value: unknown, choice: string | undefined): string {
  const rule = choice ?? ruleOf(issue);
  if (value === undefined) return `is missing: ${rule}`;
  const text = wordOf(value);
  // Findings of ours begin with the value.
  if (kindOf(value) === "scalar" && issue.code === "custom" && issue.message.startsWith(text))
    return `${shorten(text)}${issue.message.slice(text.length)}`;
  if (kindOf(value) !== "scalar" && saysAll(issue)) return rule;
  const isWord = kindOf(value) === "scalar" && text.length <= MAX_SHOWN;
  const near = isWord ? nearest(text, wordsAllowed(issue)) : undefined;
  return `${rule}, not ${shownValue(value)}${near === undefined ? "" : `: did you mean "${near}"?`}`;
}

/** Of lists and keys these findings say what is wrong with them; to say what they are is no help. */
function saysAll({ code }: z.core.$ZodIssue): boolean {
  return code === "custom" || code === "too_small" || code === "too_big";
}

function wordOf(value: unknown): string {
  if (typeof value === "object") return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function shownValue(value: unknown): string {
  const kind = kindOf(value);
  if (kind === "nothing") return "nothing";
  if (kind === "scalar") return shorten(JSON.stringify(value));
  return KINDS[kind]!;
}

function shorten(text: string): string {
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}…`;
}

/** Words that may stand there. */
function wordsAllowed(issue: z.core.$ZodIssue): string[] {
  if (issue.code === "invalid_value") return issue.values.map(String);
  return issue.code === "invalid_union" ? issue.errors.flat().flatMap(wordsAllowed) : [];
}

/** What has to stand there. A message of the schema's own says it best. */
function ruleOf(issue: z.core.$ZodIssue): string {
  if (!/^(?:Invalid|Too) /.test(issue.message)) return issue.message;
  // oxlint-disable-next-line typescript/switch-exhaustiveness-check -- the others come with words of the schema's own
  switch (issue.code) {
    case "invalid_type":
      return `must be ${KINDS[issue.expected] ?? issue.expected}`;
    case "invalid_union":
      return `must be ${[...new Set(issue.errors.flat().flatMap(kindsExpected))].join(", or ")}`;
    case "invalid_value":
      return `must be ${issue.values.length > 1 ? "one of " : ""}${issue.values.map(String).join(", ")}`;
    case "too_small":
      return issue.origin === "number" ? `must be at least ${issue.minimum}` : `must have at least ${sizeOf(issue)}`;
    case "too_big":
      return issue.origin === "number" ? `must be at most ${issue.maximum}` : `must have at most ${sizeOf(issue)}`;
    default:
      return issue.message;
  }
}

function kindsExpected(issue: z.core.$ZodIssue): string[] {
  return issue.code === "invalid_type" ? [KINDS[issue.expected] ?? issue.expected] : [];
}

function sizeOf(issue: z.core.$ZodIssueTooBig | z.core.$ZodIssueTooSmall): string {
  const size = Number(issue.code === "too_big" ? issue.maximum : issue.minimum);
  const unit = issue.origin === "array" ? ["entry", "entries"] : ["character", "characters"];
  return `${size} ${size === 1 ? unit[0] : unit[1]}`;
}
