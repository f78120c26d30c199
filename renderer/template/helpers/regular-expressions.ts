import { helpersOf } from "../define-helper.ts";
import type { HelperCall } from "../helper-call.ts";
import { matchesOf, type Match } from "../regular-expression.ts";
import type { Helper } from "../template-helper.ts";

const define = helpersOf("Regular expressions");

/** Helpers with a pattern in RE2's syntax: unanchored, in linear time, without look-around and back-references. */
export const regularExpressions: readonly Helper[] = [
  define(
    "regexMatch PATTERN TEXT",
    "Whether PATTERN matches anywhere in TEXT; write ^ and $ for the whole text.",
    { template: `{{regexMatch "^v[0-9]+$" tag}}`, data: { tag: "v12" }, output: "true" },
    (call) => !matchesOf(call, 0, call.text(1)).next().done,
  ),
  define(
    "regexReplaceAll PATTERN TEXT REPLACEMENT",
    "TEXT with REPLACEMENT for each match of PATTERN. In REPLACEMENT, `$1`, `${1}` and `${name}` are groups, and `$$` is a dollar sign.",
    { template: `{{regexReplaceAll "v([0-9]+)" tag "version-\${1}"}}`, data: { tag: "v12" }, output: "version-12" },
    replaced,
  ),
];

function replaced(call: HelperCall): string {
  const [text, replacement] = [call.text(1), call.text(2)];
  const parts: string[] = [];
  let from = 0;
  for (const match of matchesOf(call, 0, text)) {
    parts.push(text.slice(from, match.start), expanded(replacement, match));
    from = match.end;
  }
  return call.joined([...parts, text.slice(from)]);
}

/** Expands as Go does: the longest run of letters, digits and underscores after `$` is the name of a group. */
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
