import { type Document, isMap, isScalar } from "yaml";
import type * as z from "zod";
import { kindOf, valueAt, wordsOf } from "./known-keys.ts";
import { nearest } from "../../shared/nearest.ts";

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

/** What was read, for finding places and values in it. */
export interface Read {
  readonly document: Document;
  readonly value: unknown;
  readonly wording: Wording;
}

interface Finding extends ConfigProblem {
  /** Where a key is missing, or where one was most likely meant. */
  readonly missing?: string;
  readonly meant?: string;
}

/** What zod found, for people: with its place, the nearest key, and of alternatives the one that was meant. */
export function explainIssues(issues: readonly z.core.$ZodIssue[], read: Read): ConfigProblem[] {
  const found = issues.flatMap((issue) => describe(issue, issue.path, read));
  // A misspelled key is missing under its right name, too: that is one mistake.
  const meant = new Set(found.map((one) => one.meant));
  // Of what is wrong with one value the first is told: mended, it mends the rest.
  const firsts = new Map(found.toReversed().map((one) => [one.message.split(": ", 1)[0] + String(one.offset), one]));
  return [...firsts.values()]
    .filter(({ missing }) => missing === undefined || !meant.has(missing))
    .toSorted((a, b) => a.offset - b.offset);
}

function describe(issue: z.core.$ZodIssue, at: readonly PropertyKey[], read: Read): Finding[] {
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey(key, at, read));
  if (issue.code === "invalid_union" && issue.errors.length > 0) return describeUnion(issue, at, read);
  const value = valueAt(read.value, at);
  const choice = value === undefined ? choiceFor(at, read) : undefined;
  return [finding(at, wordsOf(issue, value, choice), read)];
}

function choiceFor(at: readonly PropertyKey[], { wording }: Read): string | undefined {
  return wording.choices[keyOf(at)];
}

/** The last part of a path that is a key. */
function keyOf(at: readonly PropertyKey[]): string {
  const key = at.findLast((part) => typeof part === "string");
  return typeof key === "string" ? key : "";
}

/** A finding about the value that stands there, or that is missing there. */
function finding(at: readonly PropertyKey[], message: string, read: Read): Finding {
  const where = at.map(String).join(".");
  const isMissing = valueAt(read.value, at) === undefined;
  return {
    offset: offsetOf(at, read, "value"),
    message: `${where || "the configuration"}: ${message}`,
    ...(isMissing && { missing: where }),
  };
}

/**
 * Of the alternatives, the one that was meant is of the value's kind, knows the keys that are there, and came furthest.
 */
function describeUnion(issue: z.core.$ZodIssueInvalidUnion, at: readonly PropertyKey[], read: Read): Finding[] {
  const value = valueAt(read.value, at);
  const choice = choiceFor(at, read);
  const meant =
    issue.errors.toSorted(
      (a, b) => otherKind(a) - otherKind(b) || strangers(a).length - strangers(b).length || depth(b) - depth(a),
    )[0] ?? [];
  const rivals = kindOf(value) === "object" ? rivalsOf(value as object, strangers(meant), at, read) : [];
  if (rivals.length > 0 && choice !== undefined) {
    const offset = offsetOf([...at, rivals.at(-1)!], read, "key");
    return [{ offset, message: `${at.map(String).join(".")}: ${choice}, not ${rivals.join(" and ")} together` }];
  }
  if (depth(meant) > 0 || strangers(meant).length > 0) {
    const found = meant.flatMap((inner) => describe(inner, [...at, ...inner.path], read));
    const misspelled = found.filter((one) => one.meant !== undefined);
    return misspelled.length > 0 ? found.filter(({ missing }) => missing === undefined) : found;
  }
  // Who chose the right kind of value hears what is wrong with it, unless it may be something quite different.
  const others = choice === undefined ? ["invalid_type"] : ["invalid_type", "invalid_value"];
  const ofRightKind = issue.errors.flat().find(({ code, path }) => path.length === 0 && !others.includes(code));
  if (ofRightKind && kindOf(value) === "scalar") return describe(ofRightKind, at, read);
  return [finding(at, wordsOf(issue, value, choice), read)];
}

/** Keys that are good by themselves and exclude each other. */
function rivalsOf(value: object, strange: readonly string[], at: readonly PropertyKey[], { wording }: Read): string[] {
  const known = wording.known[keyOf(at)] ?? [];
  if (!strange.some((key) => known.includes(key))) return [];
  return Object.keys(value).filter((key) => known.includes(key));
}

/** 1 if an alternative takes another kind of value, such as a word where keys stand; else 0. */
function otherKind(issues: readonly z.core.$ZodIssue[]): number {
  return Number(
    issues.some(({ code, path }) => path.length === 0 && (code === "invalid_type" || code === "invalid_value")),
  );
}

/** The keys that an alternative itself, not what is in it, does not know. */
function strangers(issues: readonly z.core.$ZodIssue[]): string[] {
  return issues.flatMap((issue) => (issue.code === "unrecognized_keys" && issue.path.length === 0 ? issue.keys : []));
}

function depth(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length));
}

function unknownKey(key: string, at: readonly PropertyKey[], read: Read): Finding {
  const where = at.map(String).join(".");
  const near = nearest(key, read.wording.known[keyOf(at)] ?? []);
  const advice = near === undefined ? "" : `, did you mean "${near}"?`;
  const message = `${where === "" ? "" : `${where}: `}unknown key ${JSON.stringify(key.slice(0, 64))}${advice}`;
  const offset = offsetOf([...at, key], read, "key");
  return { offset, message, ...(near !== undefined && { meant: [...at, near].map(String).join(".") }) };
}

/** Where a path of keys stands in the text: its value or its key, or where its nearest parent begins. */
function offsetOf(at: readonly PropertyKey[], { document }: Read, what: "key" | "value"): number {
  for (let length = at.length; length > 0; length--) {
    const parent = document.getIn(at.slice(0, length - 1), true);
    const key = at[length - 1];
    const pair = isMap(parent) ? parent.items.find((item) => String(item.key) === String(key)) : undefined;
    const value: unknown = document.getIn(at.slice(0, length), true);
    const isShown = what === "value" && length === at.length && isScalar(value) && value.value !== null;
    const node = (isShown ? value : (pair?.key ?? value)) as { range?: readonly number[] } | undefined;
    if (node?.range?.[0] !== undefined) return node.range[0];
  }
  return 0;
}
