import { isIPv4, isIPv6 } from "node:net";
import { domainToASCII } from "node:url";

declare const hostName: unique symbol;
declare const portNumber: unique symbol;
declare const ipAddress: unique symbol;
declare const containerName: unique symbol;

/** A DNS name, lower case, in A-labels, maybe with one leading `*.`: safe to print after `server_name`. */
export type HostName = string & { readonly [hostName]: true };

/** 1 to 65535. */
export type PortNumber = number & { readonly [portNumber]: true };

/** IPv4, or IPv6 without zone and brackets. */
export type IpAddress = string & { readonly [ipAddress]: true };

/** A Docker container name as Docker allows it: safe to print in a comment. */
export type ContainerName = string & { readonly [containerName]: true };

export type Parsed<T> = { readonly kind: "ok"; readonly value: T } | { readonly kind: "refused"; readonly why: string };

/** Longest name in DNS, in characters. */
const MAX_HOST = 253;

const LABELS = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** What a URL parser takes for the end of an IPv4 address, and so no name may end in. */
const NUMERIC_END = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$/;

/** One entry of VIRTUAL_HOST. Case, surrounding blanks and one trailing dot are normalised away. */
export function parseHost(raw: string): Parsed<HostName> {
  const text = raw.trim().replace(/\.$/, "");
  const wildcard = text.startsWith("*.");
  const name = toALabels(wildcard ? text.slice(2) : text);
  const why = hostFault(text, name, wildcard);
  return why === undefined ? ok((wildcard ? `*.${name}` : name) as HostName) : refused(why);
}

/** A port as decimal digits without sign, leading zero or blanks inside. */
export function parsePort(raw: string): Parsed<PortNumber> {
  const text = raw.trim();
  const port = /^[1-9][0-9]{0,4}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? ok(port as PortNumber) : refused("not a port number from 1 to 65535");
}

/** An address to connect to. A zone (`fe80::1%eth0`) means nothing in another network namespace. */
export function parseAddress(raw: string): Parsed<IpAddress> {
  if (isIPv4(raw) || (isIPv6(raw) && !raw.includes("%"))) return ok(raw.toLowerCase() as IpAddress);
  return refused("not an IP address");
}

/** Docker's own rule for names; undefined when broken, which no Docker Engine does. */
export function parseContainerName(raw: string): ContainerName | undefined {
  return /^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$/.test(raw) ? (raw as ContainerName) : undefined;
}

/** Lower-case ASCII. Only names of letters beyond ASCII go through the IDN rules. */
function toALabels(name: string): string {
  const lower = name.toLowerCase();
  // domainToASCII reads a URL: with `/`, `@`, `%` or `:` in it, it would answer for a part of the text.
  const onlyLettersAndDots = /^[a-z0-9.\-\u{80}-\u{10ffff}]+$/u.test(lower);
  return onlyLettersAndDots && !/^[a-z0-9.-]+$/.test(lower) ? domainToASCII(lower) : lower;
}

function hostFault(text: string, name: string, wildcard: boolean): string | undefined {
  if (text === "") return "empty";
  if (text.startsWith("~")) return "regular expressions are not accepted";
  if (text.length > MAX_HOST || name.length + (wildcard ? 2 : 0) > MAX_HOST) return "longer than 253 characters";
  if (isIPv4(name) || isIPv6(name.replace(/^\[|\]$/g, ""))) return "an IP address, not a name";
  if (!LABELS.test(name)) return "not a DNS name";
  if (NUMERIC_END.test(name)) return "ends in a number, which clients take for an IP address";
  if (wildcard && !name.includes(".")) return "a wildcard needs at least two labels after `*.`";
  return undefined;
}

function ok<T>(value: T): Parsed<T> {
  return { kind: "ok", value };
}

function refused<T>(why: string): Parsed<T> {
  return { kind: "refused", why };
}
