import { helpersOf } from "../define-helper.ts";
import { atPath } from "../field-path.ts";
import type { HelperCall } from "../helper-call.ts";
import { compareTexts, isRecord, isReserved, recordOf } from "../plain-record.ts";
import { printed } from "../scalar.ts";
import type { Helper } from "../template-helper.ts";
import { labelOf } from "./container-labels.ts";

const define = helpersOf("Containers");

/** Elements in all groups of one list together. */
const MAX_GROUPED = 1_000_000;

const ENV = {
  containers: [
    { name: "b", env: { HOST: "x.example,y.example" }, labels: { app: "shop" } },
    { name: "a", env: { HOST: "x.example" }, labels: { app: "blog" } },
    { name: "c", env: {}, labels: {} },
  ],
};

const EACH = `{{@key}}={{#each this}}{{name}}{{/each}} `;

/** Records from a text to the list of elements that have it. Groups are sorted, whole numbers first; elements keep their order. */
export const containerGroups: readonly Helper[] = [
  define(
    "groupBy LIST PATH",
    'A record: what stands at PATH, and the list of elements that have it. "" is a group; elements with nothing there are left out.',
    {
      template: `{{#each (groupBy containers "env.HOST")}}${EACH}{{/each}}`,
      data: ENV,
      prints: "x.example=a x.example,y.example=b ",
    },
    (call) => grouped(call, byPath(call)),
  ),
  define(
    "groupByWithDefault LIST PATH FALLBACK",
    'As `groupBy`, with elements that have nothing at PATH in the group FALLBACK. "" is not nothing.',
    {
      template: `{{#each (groupByWithDefault containers "labels.app" "other")}}${EACH}{{/each}}`,
      data: ENV,
      prints: "blog=a other=c shop=b ",
    },
    (call) => grouped(call, byPath(call), call.text(2)),
  ),
  define(
    "groupByKeys LIST PATH",
    "The names of the groups of `groupBy`, sorted by code points.",
    {
      template: `{{#each (groupByKeys containers "labels.app")}}{{this}} {{/each}}`,
      data: ENV,
      prints: "blog shop ",
    },
    (call) => Object.keys(grouped(call, byPath(call))).toSorted(compareTexts),
  ),
  define(
    "groupByMulti LIST PATH SEPARATOR",
    'As `groupBy`, where the text at PATH is split at SEPARATOR and an element is in the group of each part, once. Blanks are not cut off; an empty part is the group "".',
    {
      template: `{{#each (groupByMulti containers "env.HOST" ",")}}${EACH}{{/each}}`,
      data: ENV,
      prints: "x.example=ba y.example=b ",
    },
    (call) => {
      const single = byPath(call);
      const separator = call.text(2);
      return groupedByMany(call, (item) => {
        const found = single(item);
        return found === undefined ? [] : [...new Set(call.split(found, separator))];
      });
    },
  ),
  define(
    "groupByLabel LIST LABEL",
    'As `groupBy`, by the value of a label. LIST may be any list; elements without the label are left out, an empty value is the group "".',
    {
      template: `{{#each (groupByLabel containers "app")}}${EACH}{{/each}}`,
      data: ENV,
      prints: "blog=a shop=b ",
    },
    (call) => grouped(call, byLabel(call)),
  ),
  define(
    "groupByLabelWithDefault LIST LABEL FALLBACK",
    "As `groupByLabel`, with elements without the label in the group FALLBACK.",
    {
      template: `{{#each (groupByLabelWithDefault containers "app" "other")}}${EACH}{{/each}}`,
      data: ENV,
      prints: "blog=a other=c shop=b ",
    },
    (call) => grouped(call, byLabel(call), call.text(2)),
  ),
];

type GroupOf = (item: unknown) => string | undefined;

function byPath(call: HelperCall): GroupOf {
  const path = call.path(1);
  return (item) => {
    const found = atPath(item, path) ?? undefined;
    if (Array.isArray(found) || isRecord(found)) throw call.refusal(`what stands at ${path} must be a text`);
    return found === undefined ? undefined : printed(found);
  };
}

function byLabel(call: HelperCall): GroupOf {
  const label = call.text(1);
  return (item) => labelOf(item, label);
}

function grouped(call: HelperCall, groupOf: GroupOf, fallback?: string): Readonly<Record<string, unknown[]>> {
  return groupedByMany(call, (item) => {
    const group = groupOf(item) ?? fallback;
    return group === undefined ? [] : [group];
  });
}

function groupedByMany(call: HelperCall, groupsOf: (item: unknown) => string[]): Readonly<Record<string, unknown[]>> {
  const groups = new Map<string, unknown[]>();
  let count = 0;
  for (const item of call.list(0)) {
    for (const name of groupsOf(item)) {
      if (isReserved(name)) throw call.refusal(`${name} cannot be the name of a group`);
      const group = groups.get(name);
      if (group) group.push(item);
      else groups.set(name, [item]);
      if (++count > MAX_GROUPED) throw call.refusal(`more than ${MAX_GROUPED} elements in groups`);
    }
  }
  return recordOf([...groups].toSorted(([left], [right]) => compareTexts(left, right)));
}
