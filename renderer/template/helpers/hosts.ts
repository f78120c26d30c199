import { isIPv4, isIPv6 } from "node:net";
import { parseHost } from "../../routes/grammar.ts";
import { helpersOf } from "../define-helper.ts";
import type { HelperCall } from "../helper-call.ts";
import type { Helper } from "../template-helper.ts";

const define = helpersOf("Checks");

/** A name in DNS, not in capitals, and what containers are called beside it. */
const NAME = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?$/;

/** Where requests are for, and where they go. */
export const hosts: readonly Helper[] = [
  define(
    "mustBeHost TEXT",
    "TEXT. Fails when it is not one name of a host as DNS has it, in lower case, perhaps with `*.` before it: no port, no scheme, no pattern.",
    { template: `{{mustBeHost host}}`, data: { host: "shop.example" }, prints: "shop.example" },
    (call) => {
      const text = call.text(0);
      if (!isHost(text)) throw call.misuse(0, "the name of a host, in lower case");
      return text;
    },
  ),
  define(
    "hostPort ADDRESS PORT",
    "ADDRESS and PORT as one text, an IPv6 address in brackets. Fails when ADDRESS is neither an address nor a name, or PORT is none.",
    { template: `{{hostPort "10.0.0.5" 80}} {{hostPort "fd00::5" 80}}`, prints: "10.0.0.5:80 [fd00::5]:80" },
    (call) => `${addressOf(call)}:${portOf(call)}`,
  ),
];

function isHost(text: string): boolean {
  const parsed = parseHost(text);
  return parsed.kind === "ok" && parsed.value === text && /^(?:\*\.)?[a-z0-9.-]+$/.test(text);
}

function addressOf(call: HelperCall): string {
  const address = call.text(0);
  if (isIPv6(address) && !address.includes("%")) return `[${address}]`;
  if (isIPv4(address) || NAME.test(address)) return address;
  throw call.misuse(0, "an address or a name");
}

function portOf(call: HelperCall): string {
  const port = call.text(1);
  if (/^[1-9][0-9]{0,4}$/.test(port) && Number(port) <= 65_535) return port;
  throw call.misuse(1, "a port from 1 to 65535");
}
