import { helpersOf } from "../define-helper.ts";
import type { HelperCall } from "../helper-call.ts";
import { atPath } from "../field-path.ts";
import { fieldOf, isRecord } from "../plain-record.ts";
import { isEmpty } from "../sameness.ts";
import type { Helper } from "../template-helper.ts";

const define = helpersOf("Lists");

const NAMES = { names: ["a", "b", "c"] };

/** Lists made, and parts of lists. What is missing is an empty list; a list that is given stays as it is. */
export const lists: readonly Helper[] = [
  define("list [VALUE...]", "A list of the values.", { template: `{{join "," (list "a" 1)}}`, prints: "a,1" }, (call) =>
    call.rest(0),
  ),
  define("tuple [VALUE...]", "As `list`.", { template: `{{join "," (tuple "a" 1)}}`, prints: "a,1" }, (call) =>
    call.rest(0),
  ),
  define(
    "len VALUE",
    "How many elements a list has, fields a record, or characters a text; 0 of what is missing.",
    { template: `{{len names}}`, data: NAMES, prints: "3" },
    (call) => lengthOf(call),
  ),
  define(
    "index VALUE KEY...",
    "The element of a list at KEY, counted from 0, or the field KEY of a record; further keys go on from there. Nothing when there is none.",
    { template: `{{index names 1}}`, data: NAMES, prints: "b" },
    (call) => call.texts(1).reduce(step, call.value(0)),
  ),
  define(
    "first LIST",
    "The first element; nothing of an empty list.",
    { template: `{{first names}}`, data: NAMES, prints: "a" },
    (call) => call.list(0).at(0),
  ),
  define(
    "last LIST",
    "The last element; nothing of an empty list.",
    { template: `{{last names}}`, data: NAMES, prints: "c" },
    (call) => call.list(0).at(-1),
  ),
  define(
    "firstValue LIST",
    "The first element that is not empty.",
    { template: `{{firstValue (list "" "b")}}`, prints: "b" },
    (call) => call.list(0).find((item) => !isEmpty(item)),
  ),
  define(
    "rest LIST",
    "All but the first.",
    { template: `{{join "," (rest names)}}`, data: NAMES, prints: "b,c" },
    (call) => call.list(0).slice(1),
  ),
  define(
    "initial LIST",
    "All but the last.",
    { template: `{{join "," (initial names)}}`, data: NAMES, prints: "a,b" },
    (call) => call.list(0).slice(0, -1),
  ),
  define(
    "slice LIST [START] [END]",
    "The elements from START up to END, without it. Both are 0 or more, or count from the end when negative; what is beyond the list is not there.",
    { template: `{{join "," (slice names 1 3)}}`, data: NAMES, prints: "b,c" },
    (call) => call.list(0).slice(position(call, 1, 0), position(call, 2, Number.MAX_SAFE_INTEGER)),
  ),
  define(
    "chunk SIZE LIST",
    "Lists of SIZE elements each, the last with what is left.",
    { template: `{{#each (chunk 2 names)}}<{{join "," this}}>{{/each}}`, data: NAMES, prints: "<a,b><c>" },
    (call) => {
      const [size, items] = [call.integer(0, { min: 1, max: Number.MAX_SAFE_INTEGER }), call.list(1)];
      return Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size));
    },
  ),
  define(
    "reverse LIST",
    "The last element first.",
    { template: `{{join "," (reverse names)}}`, data: NAMES, prints: "c,b,a" },
    (call) => call.list(0).toReversed(),
  ),
  define(
    "toStrings LIST",
    'Each element as it is printed; "" for what is missing.',
    { template: `{{join "," (toStrings (list 80 true))}}`, prints: "80,true" },
    (call) => call.textList(0),
  ),
  define(
    "map LIST PATH",
    "What stands at PATH in each element; elements with nothing there are left out.",
    {
      template: `{{join "," (map containers "env.HOST")}}`,
      data: { containers: [{ env: { HOST: "a.example" } }, { env: {} }] },
      prints: "a.example",
    },
    (call) => {
      const path = call.path(1);
      return call
        .list(0)
        .map((item) => atPath(item, path))
        .filter((found) => found !== undefined && found !== null);
    },
  ),
];

function lengthOf(call: HelperCall): number {
  const value = call.value(0);
  if (Array.isArray(value)) return value.length;
  if (isRecord(value)) return Object.keys(value).length;
  if (typeof value === "number" || typeof value === "boolean") throw call.misuse(0, "a list, a record or a text");
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
