import type { HelperCall, Helpers } from "../helper-call.ts";
import { compareTexts } from "../plain-record.ts";
import { isEmpty, same, numberOf } from "../values.ts";

/** Conditions and comparisons. Empty values are: missing, false, 0, "", a list or record without entries. */
export const logic: Helpers = {
  "default FALLBACK [VALUE]": (call) => (isEmpty(call.value(1)) ? call.value(0) : call.value(1)),
  "coalesce VALUE...": (call) => call.rest(0).find((value) => value !== undefined && value !== null && value !== ""),
  "when CONDITION THEN OTHERWISE": (call) => (call.boolean(0) ? call.value(1) : call.value(2)),
  "and VALUE...": (call) => firstOrLast(call.rest(0), isEmpty),
  "or VALUE...": (call) => firstOrLast(call.rest(0), (value) => !isEmpty(value)),
  "not [VALUE]": (call) => isEmpty(call.value(0)),
  "eq VALUE OTHER...": (call) => call.rest(1).some((other) => same(call.value(0), other)),
  "ne VALUE OTHER": (call) => !same(call.value(0), call.value(1)),
  "lt VALUE OTHER": (call) => compared(call, (order) => order < 0),
  "le VALUE OTHER": (call) => compared(call, (order) => order <= 0),
  "gt VALUE OTHER": (call) => compared(call, (order) => order > 0),
  "ge VALUE OTHER": (call) => compared(call, (order) => order >= 0),
  "add NUMBER...": (call) => call.rest(0).reduce((sum: number, _, at) => sum + call.number(at), 0),
  "int [VALUE] [FALLBACK]": (call) => Math.trunc(numberOf(call.value(0)) ?? call.number(1)),
};

function firstOrLast(values: readonly unknown[], isWanted: (value: unknown) => boolean): unknown {
  // The index is -1 if none is found, which is the last.
  return values.at(values.findIndex(isWanted));
}

function compared(call: HelperCall, isTrue: (order: number) => boolean): boolean {
  const [left, right] = [call.value(0) ?? undefined, call.value(1) ?? undefined];
  if (left === undefined || right === undefined) return false;
  if (typeof left === "string" && typeof right === "string") return isTrue(compareTexts(left, right));
  return isTrue(call.number(0) - call.number(1));
}
