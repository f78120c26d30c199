import { type HelperCall, type Helpers, MAX_ELEMENTS } from "../helper-call.ts";
import { RE2JS, RE2JSException, type Matcher } from "re2js";

/** Longest pattern, in characters. */
const MAX_PATTERN = 1000;

/** Most work of one search, in characters times instructions of the pattern: about a second. */
const MAX_WORK = 16 * 1024 * 1024;

/** Compiled patterns: a template uses few of them, for each of many containers. */
const compiled = new Map<string, RE2JS>();
const MAX_COMPILED = 256;

/** Helpers with a pattern in RE2's syntax: unanchored, in linear time, without look-around and back-references. */
export const regularExpressions: Helpers = {
  "regexMatch PATTERN TEXT": (call) => !matchesOf(call, 0, call.text(1)).next().done,
  "regexReplaceAll PATTERN TEXT REPLACEMENT": replaced,
};

function replaced(call: HelperCall): string {
  const [text, replacement] = [call.text(1), call.text(2)];
  const parts: string[] = [];
  let from = 0;
  for (const match of matchesOf(call, 0, text)) {
    parts.push(text.slice(from, match.start()), expanded(replacement, match));
    from = match.end();
  }
  return call.joined([...parts, text.slice(from)]);
}

/** Expands as Go does: the longest run of letters, digits and underscores after `$` is the name of a group. */
function expanded(replacement: string, match: Matcher): string {
  const named = match.getNamedGroups();
  return replacement.replace(
    /\$(?:\$|\{([A-Za-z0-9_]+)\}|([A-Za-z0-9_]+))/g,
    (whole, braced?: string, plain?: string) => {
      const name = braced ?? plain;
      if (name === undefined) return whole.slice(1);
      if (!/^[0-9]+$/.test(name)) return (Object.hasOwn(named, name) ? named[name] : undefined) ?? "";
      return (Number(name) <= match.groupCount() ? match.group(Number(name)) : undefined) ?? "";
    },
  );
}

/** Yields the matches of a pattern, which is an argument, without overlaps. RE2's syntax, in linear time. */
function* matchesOf(call: HelperCall, pattern: number, text: string): Generator<Matcher, undefined> {
  const expression = expressionOf(call, pattern);
  if (text.length * expression.programSize() > MAX_WORK) throw call.error("the text is too long for this pattern");
  const matcher = expression.matcher(text);
  let [count, last] = [0, -1];
  while (matcher.find()) {
    // As in Go, an empty match right after a match does not count.
    if (matcher.end() === last && matcher.start() === last) continue;
    if (++count > MAX_ELEMENTS) throw call.error(`more than ${MAX_ELEMENTS} matches`);
    last = matcher.end();
    yield matcher;
  }
  return undefined;
}

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
