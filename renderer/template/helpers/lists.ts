import { helpersOf } from "../define-helper.ts";
import type { HelperCall } from "../helper-call.ts";
import { atPath } from "../field-path.ts";
import { fieldOf, hasField, isRecord } from "../plain-record.ts";
import { keyOf } from "../sameness.ts";
import type { Helper } from "../template-helper.ts";

const define = helpersOf("Lists");

const NAMES = { names: ["a", "b", "c"] };

/** Lists. A missing list is empty. Elements are equal if they print the same, part by part: 80 equals "80". */
export const lists: readonly Helper[] = [
  define("list [VALUE...]", "A list of the values.", { template: `{{join "," (list "a" 1)}}`, output: "a,1" }, (call) =>
    call.rest(0),
  ),
  define(
    "len VALUE",
    "The number of elements of a list, fields of a record, or characters of a text; 0 if VALUE is missing.",
    { template: `{{len names}}`, data: NAMES, output: "3" },
    lengthOf,
  ),
  define(
    "index VALUE KEY...",
    "The element of a list at KEY, counted from 0, or the field KEY of a record; further keys continue from there. Nothing if it does not exist.",
    { template: `{{index names 1}}`, data: NAMES, output: "b" },
    (call) => call.texts(1).reduce(step, call.value(0)),
  ),
  define(
    "first LIST",
    "The first element, or nothing.",
    { template: `{{first names}}`, data: NAMES, output: "a" },
    (call) => call.list(0).at(0),
  ),
  define(
    "last LIST",
    "The last element, or nothing.",
    { template: `{{last names}}`, data: NAMES, output: "c" },
    (call) => call.list(0).at(-1),
  ),
  define(
    "slice LIST [START] [END]",
    "The elements from START up to END, exclusive. A negative position counts from the end.",
    { template: `{{join "," (slice names 1 3)}}`, data: NAMES, output: "b,c" },
    (call) => call.list(0).slice(position(call, 1, 0), position(call, 2, Number.MAX_SAFE_INTEGER)),
  ),
  define(
    "map LIST PATH",
    "The values at PATH in the elements, without missing ones.",
    {
      template: `{{join "," (map containers "env.HOST")}}`,
      data: { containers: [{ env: { HOST: "a.example" } }, { env: {} }] },
      output: "a.example",
    },
    (call) => {
      const path = call.path(1);
      const found = call.list(0).map((item) => atPath(item, path));
      return found.filter((value) => value !== undefined && value !== null);
    },
  ),
  define(
    "concat LIST...",
    "The elements of all lists.",
    { template: `{{join "," (concat (list 1) (list 2))}}`, output: "1,2" },
    (call) => call.bounded(call.rest(0).flatMap((_, at) => call.list(at))),
  ),
  define(
    "flat LIST",
    "The elements of LIST and of the lists in it, at any depth.",
    { template: `{{join "," (flat (list 1 (list 2 (list 3))))}}`, output: "1,2,3" },
    (call) => call.bounded(call.list(0).flat(Infinity)),
  ),
  define(
    "uniq LIST",
    "The first of each group of equal elements.",
    { template: `{{join "," (uniq (list 1 2 1))}}`, output: "1,2" },
    (call) => unique(call.list(0)),
  ),
  define(
    "intersect LIST OTHER",
    "The elements of LIST that OTHER has too, each once, in the order of LIST. docker-gen returns a random order.",
    { template: `{{join "," (intersect (list "b" "a") (list "a" "b" "c"))}}`, output: "b,a" },
    (call) => {
      const wanted = keysOf(call.list(1));
      return unique(call.list(0)).filter((item) => wanted.has(keyOf(item)));
    },
  ),
  define(
    "has VALUE LIST",
    "Whether LIST has an element equal to VALUE.",
    { template: `{{has 443 ports}}`, data: { ports: [80, 443] }, output: "true" },
    (call) => keysOf(call.list(1)).has(keyOf(call.value(0))),
  ),
  define(
    "contains IN WHAT",
    "Whether a record has the field WHAT, a list an equal element, or a text that part; false if IN is missing. The order is docker-gen's, not sprig's.",
    {
      template: `{{contains env "HOST"}} {{contains "a.example" ".ex"}}`,
      data: { env: { HOST: "" } },
      output: "true true",
    },
    contains,
  ),
];

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
