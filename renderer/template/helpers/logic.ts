import { helpersOf } from "../define-helper.ts";
import type { HelperCall } from "../helper-call.ts";
import { compareTexts } from "../plain-record.ts";
import { isEmpty, same } from "../sameness.ts";
import type { Helper } from "../template-helper.ts";

const define = helpersOf("Logic");

/** Conditions and comparisons. Empty values are: missing, false, 0, "", a list or record without entries. */
export const logic: readonly Helper[] = [
  define(
    "default FALLBACK [VALUE]",
    'VALUE, or FALLBACK if VALUE is empty: missing, false, 0, "", or a list or record without entries.',
    { template: `{{default "80" env.PORT}}`, data: { env: {} }, output: "80" },
    (call) => (isEmpty(call.value(1)) ? call.value(0) : call.value(1)),
  ),
  define(
    "coalesce VALUE...",
    'The first VALUE that is neither missing nor "". 0 and false are values. docker-gen returns "" too.',
    { template: `{{coalesce env.HOST "" "localhost"}}`, data: { env: {} }, output: "localhost" },
    (call) => call.rest(0).find((value) => value !== undefined && value !== null && value !== ""),
  ),
  define(
    "when CONDITION THEN OTHERWISE",
    "THEN if CONDITION is true, OTHERWISE if it is false or missing. For a text or number write `parseBool` or `eq`.",
    { template: `{{when stale "old" "new"}}`, data: { stale: false }, output: "new" },
    (call) => (call.boolean(0) ? call.value(1) : call.value(2)),
  ),
  define(
    "and VALUE...",
    "The first VALUE that is empty, or else the last.",
    { template: `{{#if (and host port)}}both{{/if}}`, data: { host: "a", port: 80 }, output: "both" },
    (call) => firstOrLast(call.rest(0), isEmpty),
  ),
  define(
    "or VALUE...",
    "The first VALUE that is not empty, or else the last.",
    { template: `{{or env.HOST name}}`, data: { env: {}, name: "web" }, output: "web" },
    (call) => firstOrLast(call.rest(0), (value) => !isEmpty(value)),
  ),
  define(
    "not [VALUE]",
    "Whether VALUE is empty.",
    { template: `{{not stale}}`, data: { stale: false }, output: "true" },
    (call) => isEmpty(call.value(0)),
  ),
  define(
    "eq VALUE OTHER...",
    'Whether VALUE equals one OTHER. Printed values are compared, part by part: 80 equals "80", missing equals missing.',
    { template: `{{eq port "80" "443"}}`, data: { port: 443 }, output: "true" },
    (call) => call.rest(1).some((other) => same(call.value(0), other)),
  ),
  define(
    "ne VALUE OTHER",
    "Whether `eq VALUE OTHER` is false.",
    { template: `{{ne health "healthy"}}`, data: { health: "starting" }, output: "true" },
    (call) => !same(call.value(0), call.value(1)),
  ),
  define(
    "lt VALUE OTHER",
    "Whether VALUE is less: two texts by code points, numbers and decimal texts by value. False if one is missing.",
    { template: `{{lt 80 443}}`, output: "true" },
    (call) => compared(call, (order) => order < 0),
  ),
  define(
    "le VALUE OTHER",
    "Whether VALUE is less or equal, compared as by `lt`.",
    { template: `{{le 80 80}}`, output: "true" },
    (call) => compared(call, (order) => order <= 0),
  ),
  define(
    "gt VALUE OTHER",
    "Whether VALUE is greater, compared as by `lt`.",
    { template: `{{gt 80 443}}`, output: "false" },
    (call) => compared(call, (order) => order > 0),
  ),
  define(
    "ge VALUE OTHER",
    "Whether VALUE is greater or equal, compared as by `lt`.",
    { template: `{{ge 443 80}}`, output: "true" },
    (call) => compared(call, (order) => order >= 0),
  ),
];

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
