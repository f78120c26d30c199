import { helpersOf } from "../define-helper.ts";
import { atPath } from "../field-path.ts";
import type { HelperCall } from "../helper-call.ts";
import { compareTexts, isRecord } from "../plain-record.ts";
import { printed } from "../scalar.ts";
import type { Helper } from "../template-helper.ts";

const define = helpersOf("Lists");

const PORTS = { ports: [{ port: 443 }, { port: 8080 }, {}, { port: 80 }] };

/** Sorted copies; what is equal keeps its order. */
export const sorting: readonly Helper[] = [
  define(
    "sortStringsAsc LIST",
    "The texts of LIST by code points, the same in every language. LIST itself stays as it is.",
    { template: `{{join " " (sortStringsAsc names)}}`, data: { names: ["b", "C", "a"] }, prints: "C a b" },
    (call) => call.textList(0).toSorted(compareTexts),
  ),
  define(
    "sortStringsDesc LIST",
    "As `sortStringsAsc`, the last first.",
    { template: `{{join " " (sortStringsDesc names)}}`, data: { names: ["b", "C", "a"] }, prints: "b a C" },
    (call) => call.textList(0).toSorted((left, right) => compareTexts(right, left)),
  ),
  define(
    "sortAlpha LIST",
    "As `sortStringsAsc`.",
    { template: `{{join " " (sortAlpha names)}}`, data: { names: ["b", "a"] }, prints: "a b" },
    (call) => call.textList(0).toSorted(compareTexts),
  ),
  define(
    "sortObjectsByKeysAsc LIST PATH",
    "Elements by what stands at PATH: first those with nothing, a list or a record there, then whole numbers and texts of digits by value, then other texts by code points.",
    {
      template: `{{#each (sortObjectsByKeysAsc ports "port")}}{{port}} {{/each}}`,
      data: PORTS,
      prints: " 80 443 8080 ",
    },
    (call) => sorted(call, 1),
  ),
  define(
    "sortObjectsByKeysDesc LIST PATH",
    "As `sortObjectsByKeysAsc`, the last first.",
    {
      template: `{{#each (sortObjectsByKeysDesc ports "port")}}{{port}} {{/each}}`,
      data: PORTS,
      prints: "8080 443 80  ",
    },
    (call) => sorted(call, -1),
  ),
];

type SortKey = { readonly class: 0 | 1 | 2; readonly number: number; readonly text: string };

function sorted(call: HelperCall, direction: 1 | -1): unknown[] {
  const path = call.path(1);
  const keyed = call.list(0).map((item) => ({ item, key: sortKeyOf(atPath(item, path)) }));
  return keyed.toSorted((left, right) => direction * compareKeys(left.key, right.key)).map(({ item }) => item);
}

function sortKeyOf(value: unknown): SortKey {
  if (value === undefined || value === null || Array.isArray(value) || isRecord(value)) {
    return { class: 0, number: 0, text: "" };
  }
  const text = printed(value);
  return /^[+-]?[0-9]{1,15}$/.test(text) ? { class: 1, number: Number(text), text: "" } : { class: 2, number: 0, text };
}

function compareKeys(left: SortKey, right: SortKey): number {
  return left.class - right.class || left.number - right.number || compareTexts(left.text, right.text);
}
