import { isIPv4, isIPv6 } from "node:net";
import { domainToASCII } from "node:url";

declare const hostName: unique symbol;
declare const portNumber: unique symbol;
declare const ipAddress: unique symbol;
declare const containerName: unique symbol;

/**
 * A valid argument of `server_name`: a DNS name in lower-case A-labels, optionally with a leading `*.` or a trailing
 * `.*`; an IPv4 address; an IPv6 address in brackets; or `~` and a regular expression, which must be quoted.
 */
export type HostName = string & { readonly [hostName]: true };

/** 1 to 65535. */
export type PortNumber = number & { readonly [portNumber]: true };

/** IPv4, or IPv6 without zone and brackets. */
export type IpAddress = string & { readonly [ipAddress]: true };

/** A Docker container name as Docker allows it: safe to print in a comment. */
export type ContainerName = string & { readonly [containerName]: true };

/** `reason` continues `invalid value "x": `. */
export type Parsed<T> =
  | { readonly kind: "ok"; readonly value: T }
  | { readonly kind: "invalid"; readonly reason: string };

/** Longest name in DNS, in characters. */
const MAX_HOST = 253;

const LABELS = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** URL parsers read a name that ends in a number as an IPv4 address. */
const NUMERIC_END = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$/;

/** Longest regular expression, in characters. */
const MAX_PATTERN = 200;

/**
 * Parses one entry of VIRTUAL_HOST. Normalizes case, surrounding whitespace and the trailing dot of a name. Every result
 * parses to itself, because owners are recorded by it. Accepts regular expressions (`~...`) only if `allowsPatterns`.
 */
export function parseHost(raw: string, allowsPatterns = false): Parsed<HostName> {
  const trimmed = raw.trim();
  if (trimmed.startsWith("~")) {
    const pattern = parsePattern(trimmed.slice(1), allowsPatterns);
    return pattern.kind === "ok" ? ok(`~${pattern.value}` as HostName) : pattern;
  }
  const text = trimmed.replace(/\.$/, "");
  const address = parseHostAddress(text);
  if (address !== undefined) return ok(address);
  const [leading, trailing] = [text.startsWith("*."), text.endsWith(".*")];
  const name = toALabels(text.slice(leading ? 2 : 0, trailing ? -2 : undefined));
  const host = `${leading ? "*." : ""}${name}${trailing ? ".*" : ""}` as HostName;
  const fault = leading && trailing ? "more than one wildcard" : hostFault(text, name, host);
  return fault === undefined ? ok(host) : invalid(fault);
}

/** Parses a comma-separated list of names; one invalid name makes the list invalid. */
export function parseHosts(raw: string): Parsed<readonly HostName[]> {
  const hosts: HostName[] = [];
  for (const entry of raw.split(",").filter((part) => part.trim() !== "")) {
    const parsed = parseHost(entry);
    if (parsed.kind === "invalid") return parsed;
    hosts.push(parsed.value);
  }
  return ok([...new Set(hosts)]);
}

/**
 * Parses a regular expression that PCRE and JavaScript read alike: printable ASCII, no named groups (nginx would make
 * variables of them), only `(?:` and `(?i)` after a parenthesis. Does not bound its running time: the operator
 * decides whether containers may set one.
 */
export function parsePattern(raw: string, allowed: boolean): Parsed<string> {
  const text = raw.trim();
  if (!allowed) return invalid("regular expressions need `containersMay: [regex]` in the renderer's configuration");
  if (text === "") return invalid("empty regular expression");
  if (text.length > MAX_PATTERN) return invalid(`regular expression longer than ${MAX_PATTERN} characters`);
  if (!/^[\x21-\x7e]+$/.test(text)) return invalid("regular expression with whitespace or non-ASCII characters");
  if (/\(\?(?!:|i\))/.test(text) || /\(\*/.test(text)) return invalid("only the groups (...) and (?:...) are allowed");
  if (!isExpression(text.replace(/^\(\?i\)/, ""))) return invalid("not a regular expression");
  return /(?:^|[^\\])(?:\\\\)*\\$/.test(text) ? invalid("regular expression that ends in a backslash") : ok(text);
}

function isExpression(text: string): boolean {
  try {
    return new RegExp(text, "").source !== "";
  } catch {
    return false;
  }
}

/** Parses decimal digits without sign, leading zero or inner whitespace. */
export function parsePort(raw: string): Parsed<PortNumber> {
  const text = raw.trim();
  const port = /^[1-9][0-9]{0,4}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? ok(port as PortNumber) : invalid("not a port number from 1 to 65535");
}

/** Rejects zones (`fe80::1%eth0`): they have no meaning in another network namespace. */
export function parseAddress(raw: string): Parsed<IpAddress> {
  if (isIPv4(raw) || (isIPv6(raw) && !raw.includes("%"))) return ok(raw.toLowerCase() as IpAddress);
  return invalid("not an IP address");
}

/** Returns undefined unless Docker's own rule for names holds, as it does for every name from Docker. */
export function parseContainerName(raw: string): ContainerName | undefined {
  return /^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$/.test(raw) ? (raw as ContainerName) : undefined;
}

/** Returns the address as clients send it in `Host`; undefined if the text is no address. */
function parseHostAddress(text: string): HostName | undefined {
  if (isIPv4(text)) return text as HostName;
  const inner = text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text;
  return isIPv6(inner) && !inner.includes("%") ? (new URL(`http://[${inner}]`).hostname as HostName) : undefined;
}

/** Returns lower-case ASCII. Only names with non-ASCII letters go through the IDN rules. */
function toALabels(name: string): string {
  const lower = name.toLowerCase();
  // domainToASCII parses a URL: with `/`, `@`, `%` or `:` in the name it would convert only a part of it.
  const onlyLettersAndDots = /^[a-z0-9.\-\u{80}-\u{10ffff}]+$/u.test(lower);
  return onlyLettersAndDots && !/^[a-z0-9.-]+$/.test(lower) ? domainToASCII(lower) : lower;
}

function hostFault(text: string, name: string, host: HostName): string | undefined {
  if (text === "") return "empty";
  if (text.length > MAX_HOST || host.length > MAX_HOST) return "longer than 253 characters";
  if (isIPv4(name) || isIPv6(name.replace(/^\[|\]$/g, ""))) return "wildcard on an IP address";
  if (!LABELS.test(name)) return "not a DNS name (letters, digits, dashes and dots)";
  if (NUMERIC_END.test(name)) return "ends in a number, so clients read it as an IP address";
  if (host.startsWith("*.") && !name.includes(".")) return "a wildcard needs at least two labels after `*.`";
  return undefined;
}

export function ok<T>(value: T): Parsed<T> {
  return { kind: "ok", value };
}

export function invalid<T>(reason: string): Parsed<T> {
  return { kind: "invalid", reason };
}
