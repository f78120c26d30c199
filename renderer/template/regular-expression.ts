import { RE2JS, RE2JSException, type Matcher } from "re2js";
import { MAX_ELEMENTS, type HelperCall } from "./helper-call.ts";

/** Longest pattern, in characters. */
const MAX_PATTERN = 1000;

/** Most work of one search, in characters times instructions of the pattern: about a second. */
const MAX_WORK = 16 * 1024 * 1024;

/** Compiled patterns: a template uses few of them, for each of many containers. */
const compiled = new Map<string, RE2JS>();
const MAX_COMPILED = 256;

/** A match of a pattern, and its groups. */
export interface Match {
  readonly start: number;
  readonly end: number;
  /** The whole match first; undefined for a group that did not take part. */
  readonly groups: readonly (string | undefined)[];
  readonly named: (name: string) => string | undefined;
}

/** Yields the matches of a pattern, which is an argument, without overlaps. RE2's syntax, in linear time. */
export function* matchesOf(call: HelperCall, pattern: number, text: string): Generator<Match, undefined> {
  const expression = expressionOf(call, pattern);
  if (text.length * expression.programSize() > MAX_WORK) throw call.error("the text is too long for this pattern");
  const matcher = expression.matcher(text);
  let [count, last] = [0, -1];
  while (matcher.find()) {
    // As in Go, an empty match right after a match does not count.
    if (matcher.end() === last && matcher.start() === last) continue;
    if (++count > MAX_ELEMENTS) throw call.error(`more than ${MAX_ELEMENTS} matches`);
    last = matcher.end();
    yield matchOf(matcher);
  }
  return undefined;
}

function matchOf(matcher: Matcher): Match {
  const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, at) => matcher.group(at) ?? undefined);
  const named = matcher.getNamedGroups();
  return {
    start: matcher.start(),
    end: matcher.end(),
    groups,
    named: (name) => (Object.hasOwn(named, name) ? (named[name] ?? undefined) : undefined),
  };
}

/** Compiles the pattern that is an argument. */
export function expressionOf(call: HelperCall, at: number): RE2JS {
  const pattern = call.text(at);
  const known = compiled.get(pattern);
  if (known) return known;
  if (pattern.length > MAX_PATTERN) throw call.invalid(at, `a pattern of at most ${MAX_PATTERN} characters`);
  const expression = compile(call, at, pattern);
  if (compiled.size >= MAX_COMPILED) compiled.clear();
  compiled.set(pattern, expression);
  return expression;
}

function compile(call: HelperCall, at: number, pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    if (error instanceof RE2JSException) throw call.invalid(at, "a regular expression of RE2");
    throw error;
  }
}
