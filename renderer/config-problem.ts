import { isMap, type Document } from "yaml";
import type * as z from "zod";
import { nearest } from "../shared/nearest.ts";

/** How much of a wrong value is shown, in characters. */
const MAX_SHOWN = 60;

/** A mistake and where in the text it begins, in characters. */
export interface ConfigProblem {
  readonly offset: number;
  readonly message: string;
}

/** What a person needs to know about keys, by the name of the key they stand under. */
export interface Wording {
  /** Keys that are possible there. */
  readonly known: Readonly<Record<string, readonly string[]>>;
  /** What has to stand there, where there is a choice. */
  readonly choices: Readonly<Record<string, string>>;
}

/** A finding of zod, for people: with its place, the nearest key, and of alternatives the one that was meant. */
export function explainIssue(issue: z.core.$ZodIssue, document: Document, wording: Wording): ConfigProblem[] {
  return describe(issue, issue.path, { document, wording });
}

interface Context {
  readonly document: Document;
  readonly wording: Wording;
}

function describe(issue: z.core.$ZodIssue, at: readonly PropertyKey[], context: Context): ConfigProblem[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => problem([...at, key], unknownKey(key, at, context.wording), context));
  }
  if (issue.code === "invalid_union") return describeUnion(issue, at, context);
  return [problem(at, `${at.map(String).join(".") || "the configuration"}: ${finding(issue, at, context)}`, context)];
}

/** What is wrong with a value, and the value, unless the finding has it in it. */
function finding(issue: z.core.$ZodIssue, at: readonly PropertyKey[], { document }: Context): string {
  const value: unknown = document.getIn(at);
  if (issue.code === "invalid_type" && value === undefined) return `is missing, ${issue.expected} belongs here`;
  if (!isPlain(value) || issue.message.includes(String(value))) return issue.message;
  const near = issue.code === "invalid_value" ? nearest(String(value), issue.values.map(String)) : undefined;
  return `${issue.message}, not ${shorten(JSON.stringify(value))}${near === undefined ? "" : `: did you mean "${near}"?`}`;
}

function isPlain(value: unknown): value is string | number | boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

function shorten(text: string): string {
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}…`;
}

function problem(at: readonly PropertyKey[], message: string, { document }: Context): ConfigProblem {
  return { offset: offsetOf(at, document), message };
}

/**
 * Of the alternatives, the one that was meant is of the value's kind, knows the keys that are there, and came furthest.
 */
function describeUnion(
  issue: z.core.$ZodIssueInvalidUnion,
  at: readonly PropertyKey[],
  context: Context,
): ConfigProblem[] {
  const meant =
    issue.errors.toSorted(
      (a, b) => otherKind(a) - otherKind(b) || strangers(a) - strangers(b) || depth(b) - depth(a),
    )[0] ?? [];
  if (depth(meant) === 0 && meant.every(({ code }) => code !== "unrecognized_keys")) {
    const ofRightType = issue.errors.flat().find(({ code }) => code !== "invalid_type");
    const what = context.wording.choices[String(at.at(-1))] ?? ofRightType?.message ?? issue.message;
    const told = finding({ ...issue, message: what }, at, context);
    return [problem(at, `${at.map(String).join(".")}: ${told}`, context)];
  }
  return meant.flatMap((inner) => describe(inner, [...at, ...inner.path], context));
}

/** 1 if an alternative takes another kind of value, such as a word where keys stand; else 0. */
function otherKind(issues: readonly z.core.$ZodIssue[]): number {
  return Number(
    issues.some(({ code, path }) => path.length === 0 && (code === "invalid_type" || code === "invalid_value")),
  );
}

/** How many keys an alternative itself, not what is in it, does not know. */
function strangers(issues: readonly z.core.$ZodIssue[]): number {
  return issues.filter(({ code, path }) => code === "unrecognized_keys" && path.length === 0).length;
}

function depth(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length));
}

function unknownKey(key: string, at: readonly PropertyKey[], { known }: Wording): string {
  const parent = at.findLast((part) => typeof part === "string") ?? "";
  const near = nearest(key, known[parent] ?? []);
  const where = at.map(String).join(".");
  return `${where === "" ? "" : `${where}: `}unknown key "${key}"${near === undefined ? "" : `, did you mean "${near}"?`}`;
}

/** Where a path of keys stands in the text: at its key, or where its nearest parent begins. */
function offsetOf(at: readonly PropertyKey[], document: Document): number {
  for (let length = at.length; length > 0; length--) {
    const parent = document.getIn(at.slice(0, length - 1), true);
    const key = at[length - 1];
    const pair = isMap(parent) ? parent.items.find((item) => String(item.key) === String(key)) : undefined;
    const node = pair?.key ?? document.getIn(at.slice(0, length), true);
    const range = (node as { range?: readonly number[] } | undefined)?.range;
    if (range?.[0] !== undefined) return range[0];
  }
  return 0;
}
