import { isIPv4, isIPv6 } from "node:net";
import { parseHost } from "../../routes/grammar.ts";
import { parseBoolean, parseHsts } from "../../routes/option-values.ts";
import { helpersOf } from "../define-helper.ts";
import type { HelperCall } from "../helper-call.ts";
import { HelperError, shown, type Helper } from "../template-helper.ts";

const define = helpersOf("Checks");

/** Longest message of `fail`, in characters. */
const MAX_MESSAGE = 200;

/** A host name, also with capitals and underscores, as containers have them. */
const NAME = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?$/;

/** Helpers that fail on invalid data. A failure quarantines the container that is being rendered. */
export const checks: readonly Helper[] = [
  define(
    "parseBool TEXT [FALLBACK]",
    "True for 1, t, true, yes and on, false for 0, f, false, no and off, in any case. FALLBACK for every other text. Without FALLBACK a missing or empty text is false, and every other text fails.",
    { template: `{{parseBool "T"}} {{parseBool "maybe" false}}`, output: "true false" },
    parsedBoolean,
  ),
  define(
    "mustBeOneOf LIST TEXT",
    "TEXT. Fails if it is not in LIST.",
    { template: `{{mustBeOneOf (list "http" "https") proto}}`, data: { proto: "https" }, output: "https" },
    (call) => checked(call, 1, call.textList(0).includes(call.text(1)), "one of LIST"),
  ),
  define(
    "mustBeInt TEXT",
    "TEXT. Fails if it is not an integer: digits with an optional + or - before them.",
    { template: `{{mustBeInt port}}`, data: { port: "8080" }, output: "8080" },
    (call) => checked(call, 0, isInteger(call.text(0)), "an integer"),
  ),
  define(
    "mustBeIntInRange MIN MAX TEXT",
    "TEXT. Fails if it is not an integer from MIN to MAX.",
    { template: `{{mustBeIntInRange 1 65535 port}}`, data: { port: "8080" }, output: "8080" },
    (call) => {
      const [min, max, text] = [call.number(0), call.number(1), call.text(2)];
      const isWithin = isInteger(text) && Number(text) >= min && Number(text) <= max;
      return checked(call, 2, isWithin, `an integer from ${min} to ${max}`);
    },
  ),
  define(
    "mustBeHost TEXT",
    "TEXT. Fails if it is not a host name in lower case. `*.` may be before it; a port, a scheme or a pattern may not.",
    { template: `{{mustBeHost host}}`, data: { host: "shop.example" }, output: "shop.example" },
    (call) => checked(call, 0, isHost(call.text(0)), "a host name in lower case"),
  ),
  define(
    "hostPort ADDRESS PORT",
    "ADDRESS and PORT as one text, with brackets around an IPv6 address. Fails if ADDRESS is neither an IP address nor a host name, or PORT is not a port.",
    { template: `{{hostPort "10.0.0.5" 80}} {{hostPort "fd00::5" 80}}`, output: "10.0.0.5:80 [fd00::5]:80" },
    (call) => `${addressOf(call)}:${portOf(call)}`,
  ),
  define(
    "fail [MESSAGE]",
    `Fails with the first ${MAX_MESSAGE} characters of MESSAGE.`,
    { template: `{{#if tls}}{{fail "no TLS here"}}{{/if}}ok`, data: { tls: false }, output: "ok" },
    (call) => {
      throw new HelperError(`fail: ${shown(call.text(0), MAX_MESSAGE)}`);
    },
  ),
  define(
    "nginxMustParseHSTS TEXT",
    "The value of a Strict-Transport-Security header in one spelling: max-age, then includeSubDomains and preload if present. Fails for an unknown, repeated or empty directive, for a missing max-age or one of 0, and for preload without includeSubDomains and a max-age of a year.",
    {
      template: `{{nginxMustParseHSTS "includesubdomains; max-age=63072000"}}`,
      output: "max-age=63072000; includeSubDomains",
    },
    (call) => {
      const parsed = parseHsts(call.text(0));
      if (parsed.kind === "ok" && /^max-age=[1-9]/.test(parsed.value) && isPreloadable(parsed.value))
        return parsed.value;
      throw call.invalid(0, "a value of Strict-Transport-Security");
    },
  ),
];

/** Whether browsers would accept `preload` in this value, if it has it. */
function isPreloadable(hsts: string): boolean {
  if (!hsts.endsWith("preload")) return true;
  return hsts.includes("includeSubDomains") && Number(/[0-9]+/.exec(hsts)?.[0]) >= 31_536_000;
}

function parsedBoolean(call: HelperCall): unknown {
  const text = call.text(0);
  const parsed = parseBoolean(text);
  if (parsed.kind === "ok") return parsed.value;
  if (call.rest(1).length > 0) return call.value(1);
  if (text !== "") throw call.invalid(0, "true or false");
  return false;
}

function isInteger(text: string): boolean {
  return /^[+-]?[0-9]{1,15}$/.test(text);
}

function isHost(text: string): boolean {
  const parsed = parseHost(text);
  return parsed.kind === "ok" && parsed.value === text && /^(?:\*\.)?[a-z0-9.-]+$/.test(text);
}

function addressOf(call: HelperCall): string {
  const address = call.text(0);
  if (isIPv6(address) && !address.includes("%")) return `[${address}]`;
  return checked(call, 0, isIPv4(address) || NAME.test(address), "an IP address or a host name");
}

function portOf(call: HelperCall): string {
  const port = call.text(1);
  return checked(call, 1, /^[1-9][0-9]{0,4}$/.test(port) && Number(port) <= 65_535, "a port from 1 to 65535");
}

function checked(call: HelperCall, at: number, isValid: boolean, expected: string): string {
  if (!isValid) throw call.invalid(at, expected);
  return call.text(at);
}
