import { helpersOf } from "../define-helper.ts";
import { atPath } from "../field-path.ts";
import type { HelperCall } from "../helper-call.ts";
import { isRecord } from "../plain-record.ts";
import { same } from "../sameness.ts";
import { printed } from "../scalar.ts";
import type { Helper } from "../template-helper.ts";

const define = helpersOf("Containers");

const TWO = { containers: [{ name: "web", env: { APP: "shop", HOSTS: "a.example,b.example" } }, { name: "db" }] };

/** Elements of a list by what stands at a path. Each works on any list of records, and on results of the others. */
export const containerQueries: readonly Helper[] = [
  define(
    "where LIST PATH [VALUE]",
    'Elements with VALUE at PATH, in their order. Compared is what is printed: 80 is "80", which docker-gen takes for different. Without VALUE, or with a missing one: those that have nothing there.',
    { template: `{{#each (where containers "env.APP" "shop")}}{{name}}{{/each}}`, data: TWO, prints: "web" },
    (call) => chosen(call, (found) => same(found, call.value(2))),
  ),
  define(
    "whereNot LIST PATH [VALUE]",
    "Elements that `where` leaves out, also those that have nothing at PATH.",
    { template: `{{#each (whereNot containers "env.APP" "shop")}}{{name}}{{/each}}`, data: TWO, prints: "db" },
    (call) => chosen(call, (found) => !same(found, call.value(2))),
  ),
  define(
    "whereExist LIST PATH",
    'Elements that have something at PATH; "" is something.',
    { template: `{{#each (whereExist containers "env.APP")}}{{name}}{{/each}}`, data: TWO, prints: "web" },
    (call) => chosen(call, (found) => !isMissing(found)),
  ),
  define(
    "whereNotExist LIST PATH",
    "Elements that have nothing at PATH.",
    { template: `{{#each (whereNotExist containers "env.APP")}}{{name}}{{/each}}`, data: TWO, prints: "db" },
    (call) => chosen(call, isMissing),
  ),
  define(
    "whereAny LIST PATH SEPARATOR VALUES",
    "Elements where the text at PATH, split at SEPARATOR, has one of VALUES at least. Blanks are not cut off.",
    {
      template: `{{#each (whereAny containers "env.HOSTS" "," (list "b.example" "c.example"))}}{{name}}{{/each}}`,
      data: TWO,
      prints: "web",
    },
    (call) => {
      const values = new Set(call.textList(3));
      return chosen(call, (found) => piecesOf(call, found).some((piece) => values.has(piece)));
    },
  ),
  define(
    "whereAll LIST PATH SEPARATOR VALUES",
    "Elements where the text at PATH, split at SEPARATOR, has all of VALUES. A value that stands twice in VALUES counts once; with docker-gen it is never there.",
    {
      template: `{{#each (whereAll containers "env.HOSTS" "," (list "a.example" "b.example"))}}{{name}}{{/each}}`,
      data: TWO,
      prints: "web",
    },
    (call) => {
      const values = [...new Set(call.textList(3))];
      return chosen(call, (found) => {
        const pieces = new Set(piecesOf(call, found));
        return !isMissing(found) && values.every((value) => pieces.has(value));
      });
    },
  ),
];

function chosen(call: HelperCall, isWanted: (found: unknown) => boolean): unknown[] {
  const path = call.path(1);
  return call.list(0).filter((item) => isWanted(atPath(item, path)));
}

function isMissing(value: unknown): boolean {
  return value === undefined || value === null;
}

function piecesOf(call: HelperCall, found: unknown): string[] {
  if (isMissing(found)) return [];
  if (Array.isArray(found) || isRecord(found)) throw call.refusal(`what stands at ${call.path(1)} must be a text`);
  return call.split(printed(found), call.text(2));
}
