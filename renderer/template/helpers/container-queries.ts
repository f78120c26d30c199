import { helpersOf } from "../define-helper.ts";
import { atPath } from "../field-path.ts";
import type { HelperCall } from "../helper-call.ts";
import { same } from "../sameness.ts";
import type { Helper } from "../template-helper.ts";

const define = helpersOf("Containers");

const TWO = { containers: [{ name: "web", env: { APP: "shop" } }, { name: "db" }] };

/** Elements of a list by what stands at a path. Each works on any list of records, and on results of the others. */
export const containerQueries: readonly Helper[] = [
  define(
    "where LIST PATH VALUE",
    'Elements with VALUE at PATH, in their order. Compared is what is printed: 80 is "80". Without VALUE: those that have nothing there.',
    { template: `{{#each (where containers "env.APP" "shop")}}{{name}}{{/each}}`, data: TWO, prints: "web" },
    (call) => where(call, true),
  ),
  define(
    "whereNot LIST PATH VALUE",
    "Elements that `where` leaves out, also those that have nothing at PATH.",
    { template: `{{#each (whereNot containers "env.APP" "shop")}}{{name}}{{/each}}`, data: TWO, prints: "db" },
    (call) => where(call, false),
  ),
];

function where(call: HelperCall, wanted: boolean): unknown[] {
  const path = call.path(1);
  return call.list(0).filter((item) => same(atPath(item, path), call.value(2)) === wanted);
}
