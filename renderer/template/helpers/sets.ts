import { helpersOf } from "../define-helper.ts";
import type { HelperCall } from "../helper-call.ts";
import { hasField, isRecord } from "../plain-record.ts";
import { isEmpty, keyOf } from "../sameness.ts";
import type { Helper } from "../template-helper.ts";

const define = helpersOf("Lists");

/** Lists put together and compared. Elements are the same when they print the same, part by part: 80 and "80" are. */
export const sets: readonly Helper[] = [
  define(
    "append LIST VALUE",
    "LIST with VALUE at its end.",
    { template: `{{join "," (append (list 1 2) 3)}}`, prints: "1,2,3" },
    (call) => call.bounded([...call.list(0), call.value(1)]),
  ),
  define("push LIST VALUE", "As `append`.", { template: `{{join "," (push (list 1 2) 3)}}`, prints: "1,2,3" }, (call) =>
    call.bounded([...call.list(0), call.value(1)]),
  ),
  define(
    "prepend LIST VALUE",
    "LIST with VALUE before it.",
    { template: `{{join "," (prepend (list 1 2) 3)}}`, prints: "3,1,2" },
    (call) => call.bounded([call.value(1), ...call.list(0)]),
  ),
  define(
    "concat LIST...",
    "All elements of the lists.",
    { template: `{{join "," (concat (list 1) (list 2))}}`, prints: "1,2" },
    (call) => {
      const lists = call.rest(0).map((_, at) => call.list(at));
      return call.bounded(lists.flat(1));
    },
  ),
  define(
    "flat LIST",
    "The elements of the lists in LIST, to any depth, and what is no list in it.",
    { template: `{{join "," (flat (list 1 (list 2 (list 3))))}}`, prints: "1,2,3" },
    (call) => call.bounded(call.list(0).flat(Infinity)),
  ),
  define(
    "uniq LIST",
    "Each element once, where it stands first.",
    { template: `{{join "," (uniq (list 1 2 1))}}`, prints: "1,2" },
    (call) => unique(call.list(0)),
  ),
  define("unique LIST", "As `uniq`.", { template: `{{join "," (unique (list 1 2 1))}}`, prints: "1,2" }, (call) =>
    unique(call.list(0)),
  ),
  define(
    "compact LIST",
    'LIST without what is empty: missing, false, 0, "", lists and records without entries.',
    { template: `{{join "," (compact (list "a" "" 0))}}`, prints: "a" },
    (call) => call.list(0).filter((item) => !isEmpty(item)),
  ),
  define(
    "without LIST VALUE...",
    "LIST without elements that are the same as a VALUE.",
    { template: `{{join "," (without (list 1 2 3) 2)}}`, prints: "1,3" },
    (call) => {
      const unwanted = keysOf(call.rest(1));
      return call.list(0).filter((item) => !unwanted.has(keyOf(item)));
    },
  ),
  define(
    "intersect LIST OTHER",
    "Elements of LIST that OTHER has too, each once, in LIST's order. The order of docker-gen's is random.",
    { template: `{{join "," (intersect (list "b" "a") (list "a" "b" "c"))}}`, prints: "b,a" },
    (call) => {
      const wanted = keysOf(call.list(1));
      return unique(call.list(0)).filter((item) => wanted.has(keyOf(item)));
    },
  ),
  define(
    "has VALUE LIST",
    "Whether an element of LIST is the same as VALUE.",
    { template: `{{has 443 ports}}`, data: { ports: [80, 443] }, prints: "true" },
    (call) => keysOf(call.list(1)).has(keyOf(call.value(0))),
  ),
  define(
    "contains IN WHAT",
    "Whether a record has the field WHAT, a list an element that is the same, or a text that part. False for what is missing. Order of docker-gen, not of sprig.",
    {
      template: `{{contains env "HOST"}} {{contains "a.example" ".ex"}}`,
      data: { env: { HOST: "" } },
      prints: "true true",
    },
    (call) => contains(call),
  ),
];

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
