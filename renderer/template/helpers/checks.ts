import { helpersOf } from "../define-helper.ts";
import type { HelperCall } from "../helper-call.ts";
import { HelperError, shown, type Helper } from "../template-helper.ts";
import { parseHsts } from "./hsts.ts";

const define = helpersOf("Checks");

/** Longest message of `fail`, in characters. */
const MAX_MESSAGE = 200;

const TRUE = ["1", "t", "T", "true", "TRUE", "True"];
const FALSE = ["0", "f", "F", "false", "FALSE", "False"];

/** What fails on purpose: rendering stops there, and the container whose turn it is is to blame. */
export const checks: readonly Helper[] = [
  define(
    "parseBool TEXT [FALLBACK]",
    "True for 1, t, T, true, TRUE, True, false for 0, f, F, false, FALSE, False. FALLBACK for all else; without one false for what is missing or empty, and other texts fail.",
    { template: `{{parseBool "T"}} {{parseBool "yes" false}}`, prints: "true false" },
    (call) => parsedBool(call),
  ),
  define(
    "mustBeOneOf LIST TEXT",
    "TEXT. Fails when it is not in LIST.",
    { template: `{{mustBeOneOf (list "http" "https") proto}}`, data: { proto: "https" }, prints: "https" },
    (call) => checked(call, 1, call.textList(0).includes(call.text(1)), "one of LIST"),
  ),
  define(
    "mustBeInt TEXT",
    "TEXT. Fails when it is no whole number: digits, perhaps with + or - before them.",
    { template: `{{mustBeInt port}}`, data: { port: "8080" }, prints: "8080" },
    (call) => checked(call, 0, isInteger(call.text(0)), "a whole number"),
  ),
  define(
    "mustBeIntInRange MIN MAX TEXT",
    "TEXT. Fails when it is no whole number, less than MIN or more than MAX.",
    { template: `{{mustBeIntInRange 1 65535 port}}`, data: { port: "8080" }, prints: "8080" },
    (call) => {
      const [min, max, text] = [call.number(0), call.number(1), call.text(2)];
      const isWithin = isInteger(text) && Number(text) >= min && Number(text) <= max;
      return checked(call, 2, isWithin, `a whole number from ${min} to ${max}`);
    },
  ),
  define(
    "fail [MESSAGE]",
    `Fails with MESSAGE, of which ${MAX_MESSAGE} characters are told.`,
    { template: `{{#if tls}}{{fail "no TLS here"}}{{/if}}ok`, data: { tls: false }, prints: "ok" },
    (call) => {
      throw new HelperError(`fail: ${shown(call.text(0), MAX_MESSAGE)}`);
    },
  ),
  define(
    "nginxMustParseHSTS TEXT",
    "The value of a Strict-Transport-Security header in one way of writing: max-age in seconds, more than 0, then includeSubDomains and preload when they are there. Fails when it is none, has another directive, one twice or an empty one, or preload without includeSubDomains and a year of max-age.",
    {
      template: `{{nginxMustParseHSTS "includesubdomains; max-age=63072000"}}`,
      prints: "max-age=63072000; includeSubDomains",
    },
    (call) => {
      const value = parseHsts(call.text(0));
      if (value === undefined) throw call.misuse(0, "a value of Strict-Transport-Security");
      return value;
    },
  ),
];

function parsedBool(call: HelperCall): unknown {
  const text = call.text(0);
  if (TRUE.includes(text)) return true;
  if (FALSE.includes(text)) return false;
  if (call.rest(1).length > 0) return call.value(1);
  if (text !== "") throw call.misuse(0, "true or false");
  return false;
}

function isInteger(text: string): boolean {
  return /^[+-]?[0-9]{1,15}$/.test(text);
}

function checked(call: HelperCall, at: number, holds: boolean, expected: string): string {
  if (!holds) throw call.misuse(at, expected);
  return call.text(at);
}
