import { isIPv4, isIPv6 } from "node:net";
import { domainToASCII } from "node:url";

declare const hostName: unique symbol;
declare const portNumber: unique symbol;
declare const ipAddress: unique symbol;
declare const containerName: unique symbol;

/**
 * What `server_name` can be: a DNS name, lower case, in A-labels, maybe with a leading `*.` or a trailing `.*`;
 * an IPv4 address; an IPv6 address in brackets; or `~` and a regular expression, which has to be quoted.
 */
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

/** Longest regular expression, in characters. */
const MAX_PATTERN = 200;

/**
 * One entry of VIRTUAL_HOST. Case, surrounding blanks and one trailing dot are normalised away.
 * Regular expressions (`~...`) only where the operator lets containers have them.
 */
export function parseHost(raw: string, allowsPatterns = false): Parsed<HostName> {
  const text = raw.trim().replace(/\.$/, "");
  if (text.startsWith("~")) {
    const pattern = parsePattern(text.slice(1), allowsPatterns);
    return pattern.kind === "ok" ? ok(`~${pattern.value}` as HostName) : pattern;
  }
  const address = parseHostAddress(text);
  if (address !== undefined) return ok(address);
  const [leading, trailing] = [text.startsWith("*."), text.endsWith(".*")];
  const name = toALabels(text.slice(leading ? 2 : 0, trailing ? -2 : undefined));
  const why = leading && trailing ? "one * is enough" : hostFault(text, name, leading);
  return why === undefined ? ok(`${leading ? "*." : ""}${name}${trailing ? ".*" : ""}` as HostName) : refused(why);
}

/** A list of names, divided by commas; one that is none refuses them all. */
export function parseHosts(raw: string): Parsed<readonly HostName[]> {
  const hosts: HostName[] = [];
  for (const entry of raw.split(",").filter((part) => part.trim() !== "")) {
    const parsed = parseHost(entry);
    if (parsed.kind === "refused") return parsed;
    hosts.push(parsed.value);
  }
  return ok([...new Set(hosts)]);
}

/**
 * A regular expression that nginx's PCRE and JavaScript understand alike: printable ASCII, no names of groups (they
 * would become variables), nothing but `(?:` and `(?i)` behind a parenthesis. Whether it is wise is for the operator.
 */
export function parsePattern(raw: string, allowed: boolean): Parsed<string> {
  const text = raw.trim();
  if (!allowed) return refused("regular expressions are not accepted here (`containersMay: [regex]` lets containers)");
  if (text === "") return refused("an empty regular expression");
  if (text.length > MAX_PATTERN) return refused(`a regular expression longer than ${MAX_PATTERN} characters`);
  if (!/^[\x21-\x7e]+$/.test(text)) return refused("a regular expression with blanks or letters beyond ASCII");
  if (/\(\?(?!:|i\))/.test(text) || /\(\*/.test(text)) return refused("a group that is neither (...) nor (?:...)");
  if (!isExpression(text.replace(/^\(\?i\)/, ""))) return refused("not a regular expression");
  return /(?:^|[^\\])(?:\\\\)*\\$/.test(text) ? refused("a regular expression that ends in a backslash") : ok(text);
}

function isExpression(text: string): boolean {
  try {
    return new RegExp(text, "").source !== "";
  } catch {
    return false;
  }
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

/** An address as a name of a host, the way clients write it; undefined for anything else. */
function parseHostAddress(text: string): HostName | undefined {
  if (isIPv4(text)) return text as HostName;
  const inner = text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text;
  return isIPv6(inner) && !inner.includes("%") ? (new URL(`http://[${inner}]`).hostname as HostName) : undefined;
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
  if (text.length > MAX_HOST || name.length + (wildcard ? 2 : 0) > MAX_HOST) return "longer than 253 characters";
  if (isIPv4(name) || isIPv6(name.replace(/^\[|\]$/g, ""))) return "an IP address with more than an address";
  if (!LABELS.test(name)) return "not a DNS name (letters, digits, dashes and dots)";
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
