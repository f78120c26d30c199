import { helpersOf } from "../define-helper.ts";
import type { HelperCall } from "../helper-call.ts";
import { compareTexts } from "../plain-record.ts";
import type { Helper } from "../template-helper.ts";

const define = helpersOf("Logic");

/** Which is more. */
export const comparisons: readonly Helper[] = [
  define(
    "lt VALUE OTHER",
    "Whether VALUE is less: numbers, and decimal texts beside numbers, by value, two texts by code points. False when one is missing.",
    { template: `{{lt 80 443}}`, prints: "true" },
    (call) => compared(call, (order) => order < 0),
  ),
  define("le VALUE OTHER", "As `lt`, or equal.", { template: `{{le 80 80}}`, prints: "true" }, (call) =>
    compared(call, (order) => order <= 0),
  ),
  define(
    "gt VALUE OTHER",
    "Whether VALUE is more, as `lt` compares.",
    { template: `{{gt 80 443}}`, prints: "false" },
    (call) => compared(call, (order) => order > 0),
  ),
  define("ge VALUE OTHER", "As `gt`, or equal.", { template: `{{ge 443 80}}`, prints: "true" }, (call) =>
    compared(call, (order) => order >= 0),
  ),
];

function compared(call: HelperCall, isSo: (order: number) => boolean): boolean {
  const [left, right] = [call.value(0) ?? undefined, call.value(1) ?? undefined];
  if (left === undefined || right === undefined) return false;
  if (typeof left === "string" && typeof right === "string") return isSo(compareTexts(left, right));
  return isSo(call.number(0) - call.number(1));
}
