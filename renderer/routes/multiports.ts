import { parse } from "yaml";
import { diagnostic, type Diagnostic, type DiagnosticSubject } from "./diagnostic.ts";
import { type Invalid, parseHostEntry, parsePort, type HostName } from "./grammar.ts";
import { forbidden, type OptionFault, type RawOption, UNTIL_THEN } from "./option.ts";
import { parsePath } from "./path-match.ts";
import { type HostPorts, parseRoute, type RequestedRoute, unusablePorts } from "./requested-route.ts";
import { DEFAULT_MAX_ROUTES, type RequestRules } from "./route-rules.ts";
import { isRestrictingName } from "./unknown-names.ts";

/** Keys of a host that are not paths. */
const PORT_KEYS = { httpPort: "external_http_port", httpsPort: "external_https_port" } as const;

export interface ParsedMultiports {
  readonly routes: readonly RequestedRoute[];
  readonly remarks: readonly Diagnostic[];
  /** Unknown keys that were meant to restrict access. */
  readonly faults: readonly OptionFault[];
}

/**
 * Parses VIRTUAL_HOST_MULTIPORTS: YAML `host: {path: {port, proto, dest}}`. A null host has the path `/`; a null path
 * has only defaults. Invalid entries are ignored and reported.
 */
export function parseMultiports(
  subject: DiagnosticSubject,
  { name, raw }: RawOption,
  rules: RequestRules,
): ParsedMultiports {
  const parser = new Parser(subject, name, rules);
  const document = parseDocument(raw);
  if (!isRecord(document)) parser.reject([], notAMapping(raw), { value: raw, hint: `write it as in ${EXAMPLE}` });
  else if (Object.keys(document).length === 0) parser.reject([], "contains no host name", { value: raw });
  else for (const [host, paths] of Object.entries(document)) parser.parseHost(host, paths);
  return parser;
}

function parseDocument(raw: string): unknown {
  try {
    return parse(raw, { maxAliasCount: 0, schema: "core", uniqueKeys: true, logLevel: "error" });
  } catch {
    return undefined;
  }
}

class Parser implements ParsedMultiports {
  readonly routes: RequestedRoute[] = [];
  readonly remarks: Diagnostic[] = [];
  readonly faults: OptionFault[] = [];
  readonly #subject: DiagnosticSubject;
  readonly #option: string;
  readonly #rules: RequestRules;

  constructor(subject: DiagnosticSubject, option: string, rules: RequestRules) {
    this.#subject = subject;
    this.#option = option;
    this.#rules = rules;
  }

  /** `place`: the keys that lead to the value, as far as they are valid. */
  reject(place: readonly string[], problem: string, { value, hint = CORRECT, hosts = [] }: Rejected = {}): void {
    const where = [this.#option, ...place].join(": ");
    const text = value === undefined || typeof value === "string" ? value : JSON.stringify(value);
    this.remarks.push(diagnostic(this.#subject, "multiports.refused", { where, value: text, problem, hint, hosts }));
  }

  parseHost(raw: string, paths: unknown): void {
    const parsed = parseHostEntry(raw, this.#rules.permissions?.has("regex"));
    if (parsed.kind === "invalid")
      return this.reject([], parsed.reason, { ...hintOf(parsed), value: raw, hosts: [raw] });
    for (const host of parsed.value) this.#parsePaths(host, paths);
  }

  #parsePaths(host: HostName, paths: unknown): void {
    if (paths !== null && !isRecord(paths))
      return this.reject([host], "not a mapping of paths", { value: paths, hosts: [host] });
    const { [PORT_KEYS.httpPort]: http, [PORT_KEYS.httpsPort]: https, ...locations } = paths ?? {};
    const ports = this.#parsePorts(host, http, https);
    const entries = Object.keys(locations).length === 0 ? [["/", null] as const] : Object.entries(locations);
    for (const [path, route] of entries) this.#parsePath(host, ports, path, route);
  }

  #parsePorts(host: HostName, http: unknown, https: unknown): HostPorts {
    const ports: { -readonly [K in keyof HostPorts]: HostPorts[K] } = {
      ...this.#parsePort(host, "httpPort", http),
      ...this.#parsePort(host, "httpsPort", https),
    };
    const unusable = unusablePorts(ports, this.#rules);
    for (const [key, problem] of unusable) this.reject([host, PORT_KEYS[key]], problem, { hint: KEY_IGNORED });
    for (const key of unusable.keys()) delete ports[key];
    return ports;
  }

  #parsePort(host: HostName, key: keyof HostPorts, value: unknown): HostPorts {
    if (value === undefined || value === null) return {};
    const place = [host, PORT_KEYS[key]];
    if (!this.#rules.permissions?.has("ports")) {
      const { problem, hint } = forbidden("ports");
      this.reject(place, problem, { hint });
      return {};
    }
    const port = parsePort(textOf(value));
    if (port.kind === "ok") return { [key]: port.value };
    this.reject(place, port.reason, { value, hint: KEY_IGNORED, ...hintOf(port) });
    return {};
  }

  /** A key that was meant to restrict access, such as `access`, closes the container's paths. */
  #rejectKey(place: readonly string[], problem: string, key: string): void {
    if (!isRestrictingName(key)) return this.reject(place, problem, { value: key, hint: KEY_IGNORED });
    const hint = `set NETWORK_ACCESS instead; ${UNTIL_THEN}`;
    this.faults.push({ where: [this.#option, ...place].join(": "), problem, value: key, hint });
  }

  #parsePath(host: HostName, ports: HostPorts, path: string, value: unknown): void {
    const isPath = parsePath(path, this.#rules.permissions?.has("regex") ?? false).kind === "ok";
    const place = isPath ? [host, path.trim()] : [host];
    if (!isPath && !path.trim().startsWith("/") && isRestrictingName(path))
      return this.#rejectKey(place, "not a key of a host", path);
    if (value !== null && !isRecord(value))
      return this.reject(place, "not a mapping of port, proto and dest", { value });
    const { port = "", proto = "", dest = "", ...unknown } = value ?? {};
    for (const key of Object.keys(unknown)) this.#rejectKey(place, "not a key of a path (port, proto, dest)", key);
    const { maxRoutes = DEFAULT_MAX_ROUTES } = this.#rules;
    if (this.routes.length >= maxRoutes) {
      const isServed = this.routes.some((route) => route.host === host);
      return this.reject(place, `more than ${maxRoutes} paths`, {
        hint: "raise `maxRoutes`, or use several containers",
        hosts: isServed ? [] : [host],
      });
    }
    const parsed = parseRoute(
      { host, path, port: textOf(port), protocol: textOf(proto), destination: textOf(dest) },
      this.#rules,
    );
    if (parsed.kind === "invalid")
      return this.reject(place, parsed.reason, { ...hintOf(parsed), value: parsed.value, hosts: [host] });
    for (const { reason, value: ignored } of parsed.ignored)
      this.reject(place, reason, { value: ignored, hint: KEY_IGNORED });
    this.routes.push(Object.keys(ports).length === 0 ? parsed.route : { ...parsed.route, ports });
  }
}

/** The rejected value, what to do, and host names that are not served because of it. */
interface Rejected {
  readonly value?: unknown;
  readonly hint?: string;
  readonly hosts?: readonly string[];
}

const CORRECT = "correct it to route the entry";
const KEY_IGNORED = "correct or remove the key, which is ignored";
const EXAMPLE = `{"a.example": {"/": {"port": 8080}, "/api/": {"port": 9000}}}`;

function hintOf({ hint }: Pick<Invalid, "hint">): Pick<Rejected, "hint"> {
  return hint === undefined ? {} : { hint };
}

function notAMapping(raw: string): string {
  const isIndented = /^[ ]*\t/m.test(raw);
  return isIndented ? "not YAML, which permits no tabs at the beginning of a line" : "not a YAML mapping of host names";
}

/** Returns YAML numbers as text. Other shapes become JSON, which no grammar accepts. */
function textOf(value: unknown): string {
  if (value === null) return "";
  return typeof value === "string" || typeof value === "number" ? String(value) : JSON.stringify(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
