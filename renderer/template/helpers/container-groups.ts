import { helpersOf } from "../define-helper.ts";
import { atPath } from "../field-path.ts";
import type { HelperCall } from "../helper-call.ts";
import { compareTexts, isRecord, isReserved, recordOf } from "../plain-record.ts";
import { printed } from "../scalar.ts";
import { shown, type Helper } from "../template-helper.ts";
import { labelOf } from "./container-queries.ts";

const define = helpersOf("Containers");

/** Most elements in all groups of one list together. */
const MAX_GROUPED = 1_000_000;

const ENV = {
  containers: [
    { name: "b", env: { HOST: "x.example,y.example" }, labels: { app: "shop" } },
    { name: "a", env: { HOST: "x.example" }, labels: { app: "blog" } },
    { name: "c", env: {}, labels: {} },
  ],
};

const EACH = `{{@key}}={{#each this}}{{name}}{{/each}} `;

/** Records of lists by a common text. Groups are sorted, integers first; elements keep their order. */
export const containerGroups: readonly Helper[] = [
  define(
    "groupBy LIST PATH",
    'A record of the texts at PATH and, for each, the list of its elements. "" is a group; elements without a value at PATH are skipped.',
    {
      template: `{{#each (groupBy containers "env.HOST")}}${EACH}{{/each}}`,
      data: ENV,
      output: "x.example=a x.example,y.example=b ",
    },
    (call) => grouped(call, byPath(call)),
  ),
  define(
    "groupByWithDefault LIST PATH FALLBACK",
    "`groupBy`, with the elements without a value at PATH in the group FALLBACK.",
    {
      template: `{{#each (groupByWithDefault containers "labels.app" "other")}}${EACH}{{/each}}`,
      data: ENV,
      output: "blog=a other=c shop=b ",
    },
    (call) => grouped(call, byPath(call), call.text(2)),
  ),
  define(
    "groupByKeys LIST PATH",
    "The names of the groups of `groupBy`, sorted by code points.",
    {
      template: `{{#each (groupByKeys containers "labels.app")}}{{this}} {{/each}}`,
      data: ENV,
      output: "blog shop ",
    },
    (call) => Object.keys(grouped(call, byPath(call))).toSorted(compareTexts),
  ),
  define(
    "groupByMulti LIST PATH SEPARATOR",
    '`groupBy`, with the text at PATH split at SEPARATOR and the element once in the group of each part. Parts are not trimmed; an empty part is the group "".',
    {
      template: `{{#each (groupByMulti containers "env.HOST" ",")}}${EACH}{{/each}}`,
      data: ENV,
      output: "x.example=ba y.example=b ",
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
    '`groupBy` by the value of a label. Elements without the label are skipped; an empty value is the group "".',
    {
      template: `{{#each (groupByLabel containers "app")}}${EACH}{{/each}}`,
      data: ENV,
      output: "blog=a shop=b ",
    },
    (call) => grouped(call, byLabel(call)),
  ),
  define(
    "groupByLabelWithDefault LIST LABEL FALLBACK",
    "`groupByLabel`, with the elements without the label in the group FALLBACK.",
    {
      template: `{{#each (groupByLabelWithDefault containers "app" "other")}}${EACH}{{/each}}`,
      data: ENV,
      output: "blog=a other=c shop=b ",
    },
    (call) => grouped(call, byLabel(call), call.text(2)),
  ),
];

type GroupOf = (item: unknown) => string | undefined;

function byPath(call: HelperCall): GroupOf {
  const path = call.path(1);
  return (item) => {
    const found = atPath(item, path) ?? undefined;
    if (Array.isArray(found) || isRecord(found)) throw call.error(`the value at ${shown(path)} must be a text`);
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
      if (isReserved(name)) throw call.error(`${name} cannot be the name of a group`);
      const group = groups.get(name);
      if (group) group.push(item);
      else groups.set(name, [item]);
      if (++count > MAX_GROUPED) throw call.error(`more than ${MAX_GROUPED} elements in groups`);
    }
  }
  return recordOf([...groups].toSorted(([left], [right]) => compareTexts(left, right)));
}
