import { isIPv4, isIPv6 } from "node:net";
import { parseHost } from "../../routes/grammar.ts";
import { parseBoolean, parseHsts } from "../../routes/option-values.ts";
import type { HelperCall, Helpers } from "../helper-call.ts";
import { HelperError, shown } from "../helper-error.ts";

/** Longest message of `fail`, in characters. */
const MAX_MESSAGE = 200;

/** A host name, also with capitals and underscores, as containers have them. */
const NAME = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?$/;

/** Helpers that fail on invalid data. A failure quarantines the container that is being rendered. */
export const checks: Helpers = {
  "parseBool TEXT [FALLBACK]": parsedBoolean,
  "mustBeOneOf LIST TEXT": (call) => checked(call, 1, call.textList(0).includes(call.text(1)), "one of LIST"),
  "mustBeInt TEXT": (call) => checked(call, 0, isInteger(call.text(0)), "an integer"),
  "mustBeIntInRange MIN MAX TEXT": (call) => {
    const [min, max, text] = [call.number(0), call.number(1), call.text(2)];
    const isWithin = isInteger(text) && Number(text) >= min && Number(text) <= max;
    return checked(call, 2, isWithin, `an integer from ${min} to ${max}`);
  },
  "mustBeHost TEXT": (call) => checked(call, 0, isHost(call.text(0)), "a host name in lower case"),
  "hostPort ADDRESS PORT": (call) => `${addressOf(call)}:${portOf(call)}`,
  "fail [MESSAGE]": (call) => {
    throw new HelperError(`fail: ${shown(call.text(0), MAX_MESSAGE)}`);
  },
  "nginxMustParseHSTS TEXT": (call) => {
    const parsed = parseHsts(call.text(0));
    if (parsed.kind === "ok" && /^max-age=[1-9]/.test(parsed.value) && isPreloadable(parsed.value)) return parsed.value;
    throw call.invalid(0, "a value of Strict-Transport-Security");
  },
};

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
