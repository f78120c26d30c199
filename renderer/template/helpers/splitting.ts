import { helpersOf } from "../define-helper.ts";
import type { HelperCall } from "../helper-call.ts";
import type { Helper } from "../template-helper.ts";

const define = helpersOf("Strings");

/** Texts taken apart at a text, and put together again. */
export const splitting: readonly Helper[] = [
  define(
    "replace TEXT OLD NEW [COUNT]",
    "TEXT with NEW for the first COUNT times that OLD stands in it; for all when COUNT is left out or negative. Order of docker-gen, not of sprig. An empty OLD stands nowhere.",
    { template: `{{replace "a.b.c" "." "-"}}`, prints: "a-b-c" },
    (call) => replaced(call),
  ),
  define(
    "split TEXT SEPARATOR",
    'The parts of TEXT between separators. Of "" that is one empty part, with an empty SEPARATOR its characters.',
    { template: `{{#each (split "a,b" ",")}}<{{this}}>{{/each}}`, prints: "<a><b>" },
    (call) => call.split(call.text(0), call.text(1)),
  ),
  define(
    "splitN TEXT SEPARATOR COUNT",
    "As `split`, at most COUNT parts with the rest in the last; all when COUNT is negative, none when it is 0.",
    { template: `{{#each (splitN "a=b=c" "=" 2)}}<{{this}}>{{/each}}`, prints: "<a><b=c>" },
    (call) => {
      const [separator, count] = [call.text(1), countOf(call, 2)];
      const parts = call.split(call.text(0), separator);
      return parts.length <= count
        ? parts
        : [...parts.slice(0, count - 1), parts.slice(count - 1).join(separator)].slice(0, count);
    },
  ),
  define(
    "splitList SEPARATOR TEXT",
    "`split` with the separator first.",
    { template: `{{#each (splitList "," "a,b")}}<{{this}}>{{/each}}`, prints: "<a><b>" },
    (call) => call.split(call.text(1), call.text(0)),
  ),
  define(
    "join SEPARATOR LIST",
    "The texts, numbers and truth in LIST with SEPARATOR between them; what is missing in it is left out.",
    { template: `{{join ", " ports}}`, data: { ports: [80, 443] }, prints: "80, 443" },
    (call) => {
      const texts = call.textList(1);
      return call.joined(
        texts.filter((_, at) => (call.list(1)[at] ?? undefined) !== undefined),
        call.text(0),
      );
    },
  ),
];

function replaced(call: HelperCall): string {
  const [text, old, fresh, count] = [call.text(0), call.text(1), call.text(2), countOf(call, 3)];
  if (old === "") return text;
  const parts = text.split(old);
  const rest = count + 1 < parts.length ? [parts.slice(count).join(old)] : [];
  return call.joined(rest.length > 0 ? [...parts.slice(0, count), ...rest] : parts, fresh);
}

function countOf(call: HelperCall, at: number): number {
  const count = call.integer(at, { min: -1_000_000_000, max: 1_000_000_000, missing: -1 });
  return count < 0 ? Infinity : count;
}
