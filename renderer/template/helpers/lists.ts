import type { HelperCall, Helpers } from "../helper-call.ts";
import { atPath } from "../field-path.ts";
import { fieldOf, hasField, isRecord, compareTexts } from "../plain-record.ts";
import { keyOf, printed } from "../values.ts";

/** Lists. A missing list is empty. Elements are equal if they print the same, part by part: 80 equals "80". */
export const lists: Helpers = {
  "list [VALUE...]": (call) => call.rest(0),
  "len VALUE": lengthOf,
  "index VALUE KEY...": (call) => call.texts(1).reduce(step, call.value(0)),
  "first LIST": (call) => call.list(0).at(0),
  "last LIST": (call) => call.list(0).at(-1),
  "slice LIST [START] [END]": (call) =>
    call.list(0).slice(position(call, 1, 0), position(call, 2, Number.MAX_SAFE_INTEGER)),
  "map LIST PATH": (call) => {
    const path = call.path(1);
    const found = call.list(0).map((item) => atPath(item, path));
    return found.filter((value) => value !== undefined && value !== null);
  },
  "concat LIST...": (call) => call.bounded(call.rest(0).flatMap((_, at) => call.list(at))),
  "flat LIST": (call) => call.bounded(call.list(0).flat(Infinity)),
  "uniq LIST": (call) => unique(call.list(0)),
  "intersect LIST OTHER": (call) => {
    const wanted = keysOf(call.list(1));
    return unique(call.list(0)).filter((item) => wanted.has(keyOf(item)));
  },
  "has VALUE LIST": (call) => keysOf(call.list(1)).has(keyOf(call.value(0))),
  "contains IN WHAT": contains,
  "sortStringsAsc LIST": (call) => call.textList(0).toSorted(compareTexts),
  "sortStringsDesc LIST": (call) => call.textList(0).toSorted((left, right) => compareTexts(right, left)),
  "sortObjectsByKeysAsc LIST PATH": (call) => sorted(call, 1),
  "sortObjectsByKeysDesc LIST PATH": (call) => sorted(call, -1),
};

function lengthOf(call: HelperCall): number {
  const value = call.value(0);
  if (Array.isArray(value)) return value.length;
  if (isRecord(value)) return Object.keys(value).length;
  if (typeof value === "number" || typeof value === "boolean") throw call.invalid(0, "a list, a record or a text");
  return Array.from(call.text(0)).length;
}

function step(value: unknown, key: string): unknown {
  if (isRecord(value)) return fieldOf(value, key);
  if (!Array.isArray(value)) return undefined;
  const items: readonly unknown[] = value;
  return /^[0-9]{1,9}$/.test(key) ? items[Number(key)] : undefined;
}

function position(call: HelperCall, at: number, missing: number): number {
  return call.integer(at, { min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER, missing });
}

function contains(call: HelperCall): boolean {
  const [container, what] = [call.value(0) ?? undefined, call.value(1)];
  if (container === undefined) return false;
  if (Array.isArray(container)) return keysOf(container).has(keyOf(what));
  return isRecord(container) ? hasField(container, call.text(1)) : call.text(0).includes(call.text(1));
}

function keysOf(list: readonly unknown[]): ReadonlySet<string> {
  return new Set(list.map(keyOf));
}

function unique(list: readonly unknown[]): unknown[] {
  const first = new Map<string, unknown>();
  for (const item of list) {
    const key = keyOf(item);
    if (!first.has(key)) first.set(key, item);
  }
  return [...first.values()];
}

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
