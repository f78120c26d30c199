import { helpersOf } from "../define-helper.ts";
import { MAX_ELEMENTS, type HelperCall } from "../helper-call.ts";
import { matchesOf, type Match } from "../regular-expression.ts";
import type { Helper } from "../template-helper.ts";

const define = helpersOf("Regular expressions");

/** Helpers with a pattern. RE2's syntax and semantics: no look-around, no back-references, linear time, unanchored. */
export const regularExpressions: readonly Helper[] = [
  define(
    "regexMatch PATTERN TEXT",
    "Whether PATTERN fits somewhere in TEXT; write ^ and $ for the whole of it.",
    { template: `{{regexMatch "^v[0-9]+$" tag}}`, data: { tag: "v12" }, prints: "true" },
    (call) => !matchesOf(call, 0, call.text(1), 1).next().done,
  ),
  define(
    "regexFind PATTERN TEXT",
    'What PATTERN fits first in TEXT, or "".',
    { template: `{{regexFind "[0-9]+" tag}}`, data: { tag: "v12-3" }, prints: "12" },
    (call) => wholes(call, 1)[0] ?? "",
  ),
  define(
    "regexFindAll PATTERN TEXT [COUNT]",
    `What PATTERN fits in TEXT, a list of the first COUNT; all when COUNT is left out or negative, ${MAX_ELEMENTS} at most.`,
    { template: `{{#each (regexFindAll "[0-9]+" "v12-3")}}{{this}} {{/each}}`, prints: "12 3 " },
    (call) => wholes(call, counted(call, 2)),
  ),
  define(
    "regexReplaceAll PATTERN TEXT REPLACEMENT",
    "TEXT with REPLACEMENT where PATTERN fits. `$1`, `${1}` and `${name}` in it are what a group took, `$$` is a dollar sign.",
    { template: `{{regexReplaceAll "v([0-9]+)" tag "version-\${1}"}}`, data: { tag: "v12" }, prints: "version-12" },
    (call) => replaced(call, (match) => expanded(call.text(2), match)),
  ),
  define(
    "regexReplaceAllLiteral PATTERN TEXT REPLACEMENT",
    "As `regexReplaceAll`, and `$` means nothing in REPLACEMENT.",
    { template: `{{regexReplaceAllLiteral "[0-9]+" "v12" "$1"}}`, prints: "v$1" },
    (call) => replaced(call, () => call.text(2)),
  ),
  define(
    "regexSplit PATTERN TEXT [COUNT]",
    `The parts of TEXT between what PATTERN fits, at most COUNT of them with the rest in the last; all when COUNT is left out or negative.`,
    { template: `{{#each (regexSplit "[,;] *" "a, b;c")}}<{{this}}>{{/each}}`, prints: "<a><b><c>" },
    (call) => split(call, call.text(1), counted(call, 2)),
  ),
  define(
    "regexQuoteMeta TEXT",
    "TEXT as a pattern that fits just that.",
    { template: `{{regexQuoteMeta "a.b"}}`, prints: "a\\.b" },
    (call) => call.text(0).replace(/[\\.+*?()|[\]{}^$]/g, "\\$&"),
  ),
];

function counted(call: HelperCall, at: number): number {
  const count = call.integer(at, { min: -1_000_000, max: 1_000_000, missing: -1 });
  return count < 0 ? Infinity : count;
}

function wholes(call: HelperCall, limit: number): string[] {
  return [...matchesOf(call, 0, call.text(1), limit)].map(({ groups }) => groups[0] ?? "");
}

function split(call: HelperCall, text: string, limit: number): string[] {
  if (limit === 0) return [];
  const parts: string[] = [];
  let from = 0;
  for (const { start, end } of matchesOf(call, 0, text)) {
    if (parts.length === limit - 1) break;
    // Nothing is not a separator at the ends of a text: "abc" split by "" is a, b, c.
    if (end === 0 || start === text.length) continue;
    parts.push(text.slice(from, start));
    from = end;
  }
  return [...parts, text.slice(from)];
}

function replaced(call: HelperCall, replacementOf: (match: Match) => string): string {
  const text = call.text(1);
  const parts: string[] = [];
  let from = 0;
  for (const match of matchesOf(call, 0, text)) {
    parts.push(text.slice(from, match.start), replacementOf(match));
    from = match.end;
  }
  return call.joined([...parts, text.slice(from)]);
}

/** As Go expands: the longest run of letters, digits and underscores after `$` is the name of a group. */
function expanded(replacement: string, { groups, named }: Match): string {
  return replacement.replace(
    /\$(?:\$|\{([A-Za-z0-9_]+)\}|([A-Za-z0-9_]+))/g,
    (whole, braced?: string, plain?: string) => {
      const name = braced ?? plain;
      if (name === undefined) return whole.slice(1);
      return (/^[0-9]+$/.test(name) ? groups[Number(name)] : named(name)) ?? "";
    },
  );
}
