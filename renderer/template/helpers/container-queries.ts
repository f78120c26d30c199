import { helpersOf } from "../define-helper.ts";
import { atPath } from "../field-path.ts";
import type { HelperCall } from "../helper-call.ts";
import { fieldOf, isRecord } from "../plain-record.ts";
import { expressionOf } from "../regular-expression.ts";
import { same } from "../sameness.ts";
import { printed } from "../scalar.ts";
import { shown, type Helper } from "../template-helper.ts";

const define = helpersOf("Containers");

const TWO = {
  containers: [
    { name: "web", env: { APP: "shop", HOSTS: "a.example,b.example" }, labels: { "app.tier": "front" } },
    { name: "db", labels: {} },
  ],
};

/** Selections of a list by a value or a label. LIST is any list of records, also the result of another helper. */
export const containerQueries: readonly Helper[] = [
  define(
    "where LIST PATH [VALUE]",
    'The elements with VALUE at PATH. Printed values are compared: 80 equals "80", unlike in docker-gen. Without VALUE, or with a missing one, the elements without a value at PATH.',
    selected(`where containers "env.APP" "shop"`, "web"),
    (call) => filtered(call, (found) => same(found, call.value(2))),
  ),
  define(
    "whereNot LIST PATH [VALUE]",
    "The elements that `where` does not return, also those without a value at PATH.",
    selected(`whereNot containers "env.APP" "shop"`, "db"),
    (call) => filtered(call, (found) => !same(found, call.value(2))),
  ),
  define(
    "whereExist LIST PATH",
    'The elements with a value at PATH, which may be "".',
    selected(`whereExist containers "env.APP"`, "web"),
    (call) => filtered(call, (found) => !isMissing(found)),
  ),
  define(
    "whereNotExist LIST PATH",
    "The elements without a value at PATH.",
    selected(`whereNotExist containers "env.APP"`, "db"),
    (call) => filtered(call, isMissing),
  ),
  define(
    "whereAny LIST PATH SEPARATOR VALUES",
    "The elements where the text at PATH, split at SEPARATOR, contains at least one of VALUES. Parts are not trimmed.",
    selected(`whereAny containers "env.HOSTS" "," (list "b.example" "c.example")`, "web"),
    (call) => {
      const values = new Set(call.textList(3));
      return filtered(call, (found) => partsOf(call, found).some((part) => values.has(part)));
    },
  ),
  define(
    "whereAll LIST PATH SEPARATOR VALUES",
    "The elements where the text at PATH, split at SEPARATOR, contains all of VALUES. A repeated value counts once; in docker-gen it never matches.",
    selected(`whereAll containers "env.HOSTS" "," (list "a.example" "b.example")`, "web"),
    (call) => {
      const values = [...new Set(call.textList(3))];
      return filtered(call, (found) => {
        const parts = new Set(partsOf(call, found));
        return !isMissing(found) && values.every((value) => parts.has(value));
      });
    },
  ),
  define(
    "whereLabelExists LIST LABEL",
    "The elements with the label, whatever its value.",
    selected(`whereLabelExists containers "app.tier"`, "web"),
    (call) => labelled(call, (value) => value !== undefined),
  ),
  define(
    "whereLabelDoesNotExist LIST LABEL",
    "The elements without the label.",
    selected(`whereLabelDoesNotExist containers "app.tier"`, "db"),
    (call) => labelled(call, (value) => value === undefined),
  ),
  define(
    "whereLabelValueMatches LIST LABEL PATTERN",
    "The elements with the label where the regular expression PATTERN matches anywhere in its value.",
    selected(`whereLabelValueMatches containers "app.tier" "^fr"`, "web"),
    (call) => {
      const expression = expressionOf(call, 2);
      return labelled(call, (value) => value !== undefined && expression.matcher(value).find());
    },
  ),
];

/** An example that prints the names of the selected containers. */
function selected(call: string, output: string): { template: string; data: object; output: string } {
  return { template: `{{#each (${call})}}{{name}}{{/each}}`, data: TWO, output };
}

function filtered(call: HelperCall, isWanted: (found: unknown) => boolean): unknown[] {
  const path = call.path(1);
  return call.list(0).filter((item) => isWanted(atPath(item, path)));
}

function labelled(call: HelperCall, isWanted: (value: string | undefined) => boolean): unknown[] {
  const label = call.text(1);
  return call.list(0).filter((item) => isWanted(labelOf(item, label)));
}

function isMissing(value: unknown): boolean {
  return value === undefined || value === null;
}

function partsOf(call: HelperCall, found: unknown): string[] {
  if (isMissing(found)) return [];
  if (Array.isArray(found) || isRecord(found)) throw call.error(`the value at ${shown(call.path(1))} must be a text`);
  return call.split(printed(found), call.text(2));
}

/** The value of a container's label; undefined if it has none, or is not a container. */
export function labelOf(item: unknown, label: string): string | undefined {
  const labels = isRecord(item) ? fieldOf(item, "labels") : undefined;
  const value = isRecord(labels) ? fieldOf(labels, label) : undefined;
  return value === undefined || value === null || typeof value === "object" ? undefined : printed(value);
}
