import { isIP } from "node:net";
import type { Escaped, Format } from "./format.ts";

/** A host name, also with underscores, as containers have them. */
const NAME = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?$/;

/** Files of host names and addresses (hosts, dnsmasq). They have no quotes, so every other value is rejected. */
export const HOSTS: Format = { alone: plain, inner: plain };

function plain(value: string | number | boolean): Escaped {
  const text = String(value);
  return NAME.test(text) || isIP(text) !== 0
    ? { text }
    : { refused: "is neither an IP address nor a name of letters, digits, dots, dashes and underscores" };
}
