import { isIP } from "node:net";
import type { Escaped, Format } from "./format.ts";

/** A host's name, also with an underscore, as containers have them. */
const NAME = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?$/;

/** Files of names and addresses (hosts, dnsmasq): they know no quotes, so nothing else is possible. */
export const HOSTS: Format = { alone: plain, inner: plain, hasQuotes: false };

function plain(value: string | number | boolean): Escaped {
  const text = String(value);
  return NAME.test(text) || isIP(text) !== 0
    ? { text }
    : { refused: "is neither a name of letters, digits, dots, dashes and underscores, nor an address" };
}
