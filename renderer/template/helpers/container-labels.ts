import { helpersOf } from "../define-helper.ts";
import { expressionOf } from "../regular-expression.ts";
import type { HelperCall } from "../helper-call.ts";
import { fieldOf, isRecord } from "../plain-record.ts";
import { printed } from "../scalar.ts";
import type { Helper } from "../template-helper.ts";

const define = helpersOf("Containers");

const TWO = {
  containers: [
    { name: "web", labels: { "app.tier": "front" } },
    { name: "db", labels: {} },
  ],
};

/** Containers by a label. docker-gen's take the root list alone; these take any list, and results of each other. */
export const containerLabels: readonly Helper[] = [
  define(
    "whereLabelExists LIST LABEL",
    "Elements that have the label, whatever its value. LIST may be any list, not only that of all containers.",
    { template: `{{#each (whereLabelExists containers "app.tier")}}{{name}}{{/each}}`, data: TWO, prints: "web" },
    (call) => labelled(call, (value) => value !== undefined),
  ),
  define(
    "whereLabelDoesNotExist LIST LABEL",
    "Elements without the label.",
    { template: `{{#each (whereLabelDoesNotExist containers "app.tier")}}{{name}}{{/each}}`, data: TWO, prints: "db" },
    (call) => labelled(call, (value) => value === undefined),
  ),
  define(
    "whereLabelValueMatches LIST LABEL PATTERN",
    "Elements that have the label and PATTERN, a regular expression, fits somewhere in its value.",
    {
      template: `{{#each (whereLabelValueMatches containers "app.tier" "^fr")}}{{name}}{{/each}}`,
      data: TWO,
      prints: "web",
    },
    (call) => {
      const expression = expressionOf(call, 2);
      return labelled(call, (value) => value !== undefined && expression.matcher(value).find());
    },
  ),
];

function labelled(call: HelperCall, isWanted: (value: string | undefined) => boolean): unknown[] {
  const label = call.text(1);
  return call.list(0).filter((item) => isWanted(labelOf(item, label)));
}

/** The value of a container's label; undefined when it has none, or is no container. */
export function labelOf(item: unknown, label: string): string | undefined {
  const labels = isRecord(item) ? fieldOf(item, "labels") : undefined;
  const value = isRecord(labels) ? fieldOf(labels, label) : undefined;
  return value === undefined || value === null || typeof value === "object" ? undefined : printed(value);
}
