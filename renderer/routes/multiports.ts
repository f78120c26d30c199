import { parse } from "yaml";
import { diagnostic, type Diagnostic, type DiagnosticSubject } from "./diagnostic.ts";
import { parseHost, parsePort, type HostName } from "./grammar.ts";
import { forbidden, type RawOption } from "./option.ts";
import { parsePath } from "./path-match.ts";
import { type HostPorts, parseRoute, type RequestedRoute, unusablePorts } from "./requested-route.ts";
import type { RequestRules } from "./route-rules.ts";

/** Routes that one container may request this way. */
const MAX_ROUTES = 64;

/** Keys of a host that are not paths. */
const PORT_KEYS = { httpPort: "external_http_port", httpsPort: "external_https_port" } as const;

export interface ParsedMultiports {
  readonly routes: readonly RequestedRoute[];
  readonly remarks: readonly Diagnostic[];
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
  if (!isRecord(document)) parser.reject([], "not a YAML mapping of host names", raw);
  else if (Object.keys(document).length === 0) parser.reject([], "contains no host name", raw);
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
  readonly #subject: DiagnosticSubject;
  readonly #option: string;
  readonly #rules: RequestRules;

  constructor(subject: DiagnosticSubject, option: string, rules: RequestRules) {
    this.#subject = subject;
    this.#option = option;
    this.#rules = rules;
  }

  /** `place`: the keys that lead to the value, as far as they are valid. */
  reject(place: readonly string[], problem: string, value?: unknown, hint = "correct it to route the entry"): void {
    const where = [this.#option, ...place].join(": ");
    const text = value === undefined || typeof value === "string" ? value : JSON.stringify(value);
    this.remarks.push(diagnostic(this.#subject, "multiports.refused", { where, value: text, problem, hint }));
  }

  parseHost(raw: string, paths: unknown): void {
    const host = parseHost(raw, this.#rules.permissions?.has("regex"));
    if (host.kind === "invalid") return this.reject([], host.reason, raw);
    if (paths !== null && !isRecord(paths)) return this.reject([host.value], "not a mapping of paths", paths);
    const { [PORT_KEYS.httpPort]: http, [PORT_KEYS.httpsPort]: https, ...locations } = paths ?? {};
    const ports = this.#parsePorts(host.value, http, https);
    const entries = Object.keys(locations).length === 0 ? [["/", null] as const] : Object.entries(locations);
    for (const [path, route] of entries) this.#parsePath(host.value, ports, path, route);
  }

  #parsePorts(host: HostName, http: unknown, https: unknown): HostPorts {
    const ports: { -readonly [K in keyof HostPorts]: HostPorts[K] } = {
      ...this.#parsePort(host, "httpPort", http),
      ...this.#parsePort(host, "httpsPort", https),
    };
    const unusable = unusablePorts(ports, this.#rules);
    for (const [key, problem] of unusable) this.reject([host, PORT_KEYS[key]], problem, undefined, KEY_IGNORED);
    for (const key of unusable.keys()) delete ports[key];
    return ports;
  }

  #parsePort(host: HostName, key: keyof HostPorts, value: unknown): HostPorts {
    if (value === undefined || value === null) return {};
    const place = [host, PORT_KEYS[key]];
    if (!this.#rules.permissions?.has("ports")) {
      const { problem, hint } = forbidden("ports");
      this.reject(place, problem, undefined, hint);
      return {};
    }
    const port = parsePort(textOf(value));
    if (port.kind === "ok") return { [key]: port.value };
    this.reject(place, port.reason, value, KEY_IGNORED);
    return {};
  }

  #parsePath(host: HostName, ports: HostPorts, path: string, value: unknown): void {
    const isPath = parsePath(path, this.#rules.permissions?.has("regex") ?? false).kind === "ok";
    const place = isPath ? [host, path.trim()] : [host];
    if (value !== null && !isRecord(value)) return this.reject(place, "not a mapping of port, proto and dest", value);
    const { port = "", proto = "", dest = "", ...unknown } = value ?? {};
    for (const key of Object.keys(unknown))
      this.reject(place, "not a key of a path (port, proto, dest)", key, KEY_IGNORED);
    if (this.routes.length >= MAX_ROUTES)
      return this.reject(place, `more than ${MAX_ROUTES} paths`, undefined, "use several containers");
    const parsed = parseRoute(
      { host, path, port: textOf(port), protocol: textOf(proto), destination: textOf(dest) },
      this.#rules,
    );
    if (parsed.kind === "invalid") return this.reject(place, parsed.reason, parsed.value);
    for (const { reason, value: ignored } of parsed.ignored) this.reject(place, reason, ignored, KEY_IGNORED);
    this.routes.push(Object.keys(ports).length === 0 ? parsed.route : { ...parsed.route, ports });
  }
}

const KEY_IGNORED = "correct or remove the key, which is ignored";

/** Returns YAML numbers as text. Other shapes become JSON, which no grammar accepts. */
function textOf(value: unknown): string {
  if (value === null) return "";
  return typeof value === "string" || typeof value === "number" ? String(value) : JSON.stringify(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
