import { helpersOf } from "../define-helper.ts";
import { atPath } from "../field-path.ts";
import type { HelperCall } from "../helper-call.ts";
import { compareTexts, isRecord } from "../plain-record.ts";
import { printed } from "../scalar.ts";
import type { Helper } from "../template-helper.ts";

const define = helpersOf("Lists");

const NAMES = { names: ["b", "C", "a"] };
const PORTS = { ports: [{ port: 443 }, { port: 8080 }, {}, { port: 80 }] };

/** Sorted copies; equal elements keep their order. */
export const sorting: readonly Helper[] = [
  define(
    "sortStringsAsc LIST",
    "A copy of LIST, a list of texts, sorted by code points, whatever the language.",
    { template: `{{join " " (sortStringsAsc names)}}`, data: NAMES, output: "C a b" },
    (call) => call.textList(0).toSorted(compareTexts),
  ),
  define(
    "sortStringsDesc LIST",
    "`sortStringsAsc` in descending order.",
    { template: `{{join " " (sortStringsDesc names)}}`, data: NAMES, output: "b a C" },
    (call) => call.textList(0).toSorted((left, right) => compareTexts(right, left)),
  ),
  define(
    "sortObjectsByKeysAsc LIST PATH",
    "The elements sorted by the value at PATH: first missing values, lists and records, then integers by value, also as text, then other texts by code points.",
    {
      template: `{{#each (sortObjectsByKeysAsc ports "port")}}{{at this "port" "none"}} {{/each}}`,
      data: PORTS,
      output: "none 80 443 8080 ",
    },
    (call) => sorted(call, 1),
  ),
  define(
    "sortObjectsByKeysDesc LIST PATH",
    "`sortObjectsByKeysAsc` in descending order.",
    {
      template: `{{#each (sortObjectsByKeysDesc ports "port")}}{{at this "port" "none"}} {{/each}}`,
      data: PORTS,
      output: "8080 443 80 none ",
    },
    (call) => sorted(call, -1),
  ),
];

type SortKey = { readonly rank: 0 | 1 | 2; readonly number: number; readonly text: string };

function sorted(call: HelperCall, direction: 1 | -1): unknown[] {
  const path = call.path(1);
  const keyed = call.list(0).map((item) => ({ item, key: sortKeyOf(atPath(item, path)) }));
  return keyed.toSorted((left, right) => direction * compareKeys(left.key, right.key)).map(({ item }) => item);
}

function sortKeyOf(value: unknown): SortKey {
  if (value === undefined || value === null || Array.isArray(value) || isRecord(value)) {
    return { rank: 0, number: 0, text: "" };
  }
  const text = printed(value);
  return /^[+-]?[0-9]{1,15}$/.test(text) ? { rank: 1, number: Number(text), text: "" } : { rank: 2, number: 0, text };
}

function compareKeys(left: SortKey, right: SortKey): number {
  return left.rank - right.rank || left.number - right.number || compareTexts(left.text, right.text);
}
