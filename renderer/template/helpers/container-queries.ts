import type { HelperCall, Helpers } from "../helper-call.ts";
import { atPath } from "../field-path.ts";
import { fieldOf, isRecord, compareTexts, isReserved, recordOf } from "../plain-record.ts";
import { expressionOf } from "./regular-expressions.ts";
import { same, printed } from "../values.ts";
import { shown } from "../helper-error.ts";

/** Most elements in all groups of one list together. */
const MAX_GROUPED = 1_000_000;

/** Selections of a list by a value or a label. LIST is any list of records, also the result of another helper. */
export const containerQueries: Helpers = {
  "where LIST PATH [VALUE]": (call) => filtered(call, (found) => same(found, call.value(2))),
  "whereNot LIST PATH [VALUE]": (call) => filtered(call, (found) => !same(found, call.value(2))),
  "whereExist LIST PATH": (call) => filtered(call, (found) => !isMissing(found)),
  "whereNotExist LIST PATH": (call) => filtered(call, isMissing),
  "whereAny LIST PATH SEPARATOR VALUES": (call) => {
    const values = new Set(call.textList(3));
    return filtered(call, (found) => partsOf(call, found).some((part) => values.has(part)));
  },
  "whereAll LIST PATH SEPARATOR VALUES": (call) => {
    const values = [...new Set(call.textList(3))];
    return filtered(call, (found) => {
      const parts = new Set(partsOf(call, found));
      return !isMissing(found) && values.every((value) => parts.has(value));
    });
  },
  "whereLabelExists LIST LABEL": (call) => labelled(call, (value) => value !== undefined),
  "whereLabelDoesNotExist LIST LABEL": (call) => labelled(call, (value) => value === undefined),
  "whereLabelValueMatches LIST LABEL PATTERN": (call) => {
    const expression = expressionOf(call, 2);
    return labelled(call, (value) => value !== undefined && expression.matcher(value).find());
  },
  "groupBy LIST PATH": (call) => grouped(call, byPath(call)),
  "groupByWithDefault LIST PATH FALLBACK": (call) => grouped(call, byPath(call), call.text(2)),
  "groupByKeys LIST PATH": (call) => Object.keys(grouped(call, byPath(call))).toSorted(compareTexts),
  "groupByMulti LIST PATH SEPARATOR": (call) => {
    const single = byPath(call);
    const separator = call.text(2);
    return groupedByMany(call, (item) => {
      const found = single(item);
      return found === undefined ? [] : [...new Set(call.split(found, separator))];
    });
  },
  "groupByLabel LIST LABEL": (call) => grouped(call, byLabel(call)),
  "groupByLabelWithDefault LIST LABEL FALLBACK": (call) => grouped(call, byLabel(call), call.text(2)),
};

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
