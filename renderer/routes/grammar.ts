import { isIPv4, isIPv6 } from "node:net";
import { domainToASCII } from "node:url";

declare const hostName: unique symbol;
declare const portNumber: unique symbol;
declare const ipAddress: unique symbol;
declare const containerName: unique symbol;
declare const tasksName: unique symbol;

/**
 * A valid argument of `server_name`: a DNS name in lower-case A-labels, optionally with a leading `*.` or a trailing
 * `.*`; an IPv4 address; an IPv6 address in brackets; or `~` and a regular expression, which must be quoted.
 */
export type HostName = string & { readonly [hostName]: true };

/** 1 to 65535. */
export type PortNumber = number & { readonly [portNumber]: true };

/** IPv4, or IPv6 without zone and brackets. */
export type IpAddress = string & { readonly [ipAddress]: true };

/** `tasks.SERVICE`, which Docker's DNS resolves to the addresses of a Swarm service's tasks. */
export type TasksName = string & { readonly [tasksName]: true };

/** A Docker container name as Docker allows it: safe to print in a comment. */
export type ContainerName = string & { readonly [containerName]: true };

/** `reason` continues `invalid value "x": `; `hint` is what to write instead, if that is known. */
export type Parsed<T> = { readonly kind: "ok"; readonly value: T } | Invalid;

export interface Invalid {
  readonly kind: "invalid";
  readonly reason: string;
  readonly hint?: string;
}

/** Longest name in DNS, in characters. */
const MAX_HOST = 253;

/** nginx, browsers and most resolvers accept underscores, and dashes anywhere but at the beginning. */
const LABELS = /^(?!-)(?=.*[a-z0-9])(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}$/;

/** Ends of the names of operator files, which must not be the files of another host. */
const FILE_SUFFIX = /_(?:removed|location|location_override|[0-9a-f]{40})$/;

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

/** Parses one entry of a list of names. As in nginx, `.example.com` means the name and all names below it. */
export function parseHostEntry(raw: string, allowsPatterns = false): Parsed<readonly HostName[]> {
  const [, below] = /^\.([^.*][^]*)$/.exec(raw.trim()) ?? [];
  const names = below === undefined ? [raw] : [below, `*.${below}`];
  const hosts: HostName[] = [];
  for (const name of names) {
    const parsed = parseHost(name, allowsPatterns);
    if (parsed.kind === "invalid") return withHint(parsed, hostRepair(raw));
    hosts.push(parsed.value);
  }
  return ok(hosts);
}

/** Parses a comma-separated list of names; one invalid name makes the list invalid. */
export function parseHosts(raw: string): Parsed<readonly HostName[]> {
  const hosts: HostName[] = [];
  for (const entry of splitList(raw)) {
    const parsed = parseHostEntry(entry);
    if (parsed.kind === "invalid") return parsed;
    hosts.push(...parsed.value);
  }
  return ok([...new Set(hosts)]);
}

/** Splits at commas, except at those inside the brackets of a regular expression. Returns trimmed entries. */
export function splitList(raw: string): string[] {
  const parts = raw.includes("~") ? raw.match(/~(?:\{[^}]*\}|\[[^\]]*\]|\([^)]*\)|[^,])*|[^,]+/g) : raw.split(",");
  return (parts ?? []).map((part) => part.trim()).filter((part) => part !== "");
}

/** What people write around a value, the text that replaces it, and what is wrong with it. */
type Repair = readonly [pattern: RegExp, replacement: string, reason: string];

const QUOTES: Repair = [/["'`\u2018\u2019\u201c\u201d]/g, "", "quotes are part of the value"];

const INVISIBLE: Repair = [/[\u00a0\u00ad\u200b-\u200d\u2060]/g, "", "the value contains invisible characters"];

const ASSIGNMENT: Repair = [/^[A-Z_]+\s*[=:]\s*/, "", "the name of the variable is part of the value"];

const HOST_REPAIRS: readonly Repair[] = [
  QUOTES,
  INVISIBLE,
  ASSIGNMENT,
  [/^\[([^\]:]*)\]$/, "$1", "brackets are part of the value"],
  [/^Host(?:Regexp)?\(([^)]*)\)$/i, "$1", "this is a rule of Traefik, and only the name is needed"],
  [/^[a-z][a-z0-9+.-]*:\/\//i, "", "a name has no scheme"],
  [/^[^/?#@]*@/, "", "a name has no user"],
  [/[/?#].*$/, "", "a name has no path, which belongs in VIRTUAL_PATH"],
  [/:[0-9]*$/, "", "a name has no port, and the container's port belongs in VIRTUAL_PORT"],
  [/^\*(?=[^.])/, "*.", "a wildcard is a whole label"],
  [/\.{2,}/g, ".", "a label is empty"],
];

const PORT_REPAIRS: readonly Repair[] = [
  QUOTES,
  INVISIBLE,
  ASSIGNMENT,
  [/^[a-z]+:\/\/[^:/]*:([0-9]+)\/?$/, "$1", "a port is a number only"],
  [/\/(?:tcp|udp|sctp)$/i, "", "a port has no protocol"],
  [/^(?:[0-9.]+:)?[0-9]+:([0-9]+)$/, "$1", "the port of the Docker host is not needed"],
  [/^:(?=[0-9])/, "", "a port is a number only"],
  [/^\+?0*(?=[1-9])/, "", "a port has no sign or leading zero"],
];

/** Returns the value without quotes. */
export function unquoted(raw: string): string {
  return raw.replace(QUOTES[0], "").trim();
}

/** Returns the value without what people write around it, and what was wrong with it. */
function repaired(raw: string, repairs: readonly Repair[]): { readonly text: string; readonly reasons: string[] } {
  let text = raw.trim();
  const reasons: string[] = [];
  for (const [pattern, replacement, reason] of repairs) {
    const next = text.replace(pattern, replacement).trim();
    if (next !== text) reasons.push(reason);
    text = next;
  }
  return { text, reasons };
}

/** Returns why an entry is not a host name and what to write instead, if that is recognizable. */
function hostRepair(raw: string): Omit<Invalid, "kind"> | undefined {
  if (raw.length > 10 * MAX_HOST) return undefined;
  if (/^["'`]?[*_]["'`]?$/.test(raw.trim())) {
    const reason = "does not name a host";
    return { reason, hint: "to serve unknown names, set `nginx.defaultHost` in the renderer's configuration" };
  }
  if (/\$\{?[A-Za-z_]|\{\{/.test(raw))
    return { reason: "contains a variable that was not replaced", hint: "write its value" };
  const parts = raw.split(/[\s;|]+/).filter((part) => part !== "");
  const found = parts.map((part) => repaired(part, HOST_REPAIRS));
  const hosts = found.map(({ text }) => parseHost(text));
  const names = hosts.flatMap((host) => (host.kind === "ok" ? [host.value] : []));
  const reasons = [
    ...(parts.length > 1 ? ["names are separated by commas"] : []),
    ...found.flatMap((one) => one.reasons),
  ];
  if (names.length < parts.length || reasons.length === 0) return undefined;
  return { reason: [...new Set(reasons)].join(", "), hint: `write ${names.join(",")}` };
}

function portRepair(raw: string): Omit<Invalid, "kind"> | undefined {
  if (raw.length > MAX_HOST) return undefined;
  if (/\$\{?[A-Za-z_]/.test(raw))
    return { reason: "contains a variable that was not replaced", hint: "write its value" };
  const { text, reasons } = repaired(raw, PORT_REPAIRS);
  const port = /^[1-9][0-9]{0,4}$/.test(text) ? Number(text) : 0;
  return port < 1 || port > 65_535 || reasons.length === 0
    ? undefined
    : { reason: reasons.join(", "), hint: `write ${port}` };
}

function withHint(parsed: Invalid, repair: Omit<Invalid, "kind"> | undefined): Invalid {
  return repair ? { ...parsed, ...repair } : parsed;
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
  if (port >= 1 && port <= 65_535) return ok(port as PortNumber);
  return withHint(invalid("not a port number from 1 to 65535"), portRepair(raw));
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

/** Returns undefined unless the name of the service is one label of DNS. */
export function tasksNameOf(service: string): TasksName | undefined {
  return /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/.test(service) ? (`tasks.${service.toLowerCase()}` as TasksName) : undefined;
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
  const onlyLettersAndDots = /^[a-z0-9._\-\u{80}-\u{2017}\u{2020}-\u{10ffff}]+$/u.test(lower);
  return onlyLettersAndDots && !/^[a-z0-9._-]+$/.test(lower) ? domainToASCII(lower) : lower;
}

function hostFault(text: string, name: string, host: HostName): string | undefined {
  if (text === "") return "empty";
  if (text.length > MAX_HOST || host.length > MAX_HOST) return "longer than 253 characters";
  if (isIPv4(name) || isIPv6(name.replace(/^\[|\]$/g, ""))) return "wildcard on an IP address";
  if (name.includes("*")) return "a wildcard replaces only the first or the last label";
  if (!LABELS.test(name)) return "not a DNS name (letters, digits, dashes, underscores and dots)";
  if (FILE_SUFFIX.test(host)) return "ends like the name of an operator's file";
  if (NUMERIC_END.test(name)) return "ends in a number, so clients read it as an IP address";
  return undefined;
}

export function ok<T>(value: T): Parsed<T> {
  return { kind: "ok", value };
}

export function invalid(reason: string): Invalid {
  return { kind: "invalid", reason };
}
