import { parse } from "yaml";
import { diagnostic, type Diagnostic } from "./diagnostic.ts";
import type { InventoryContainer } from "../inventory/inventory-change.ts";
import { parseHost, parsePort, type HostName } from "./grammar.ts";
import { type ClaimRules, impossiblePorts, type RouteClaim, readRoute } from "./route-claim.ts";

/** Routes one container may claim this way. */
const MAX_ROUTES = 64;

/** Keys of a host that are no path. */
const HTTP_PORT = "external_http_port";
const HTTPS_PORT = "external_https_port";

const PORT_KEYS: Readonly<Record<string, string>> = { httpPort: HTTP_PORT, httpsPort: HTTPS_PORT };

export interface ReadMultiports {
  readonly routes: readonly RouteClaim[];
  readonly remarks: readonly Diagnostic[];
}

/**
 * VIRTUAL_HOST_MULTIPORTS: YAML, `host: {path: {port, proto, dest}}`, where a host may be null (its path is `/`) and
 * a path may be null (nothing is special). What is of another shape costs itself, with a remark.
 */
export function readMultiports(
  known: InventoryContainer,
  name: string,
  raw: string,
  rules: ClaimRules,
): ReadMultiports {
  const reader = new Reader(known, name, rules);
  const document = parseDocument(raw);
  if (!isRecord(document)) reader.refuse("not YAML with a host a key", raw);
  else if (Object.keys(document).length === 0) reader.refuse("names no host", raw);
  else for (const [host, paths] of Object.entries(document)) reader.readHost(host, paths);
  return reader;
}

function parseDocument(raw: string): unknown {
  try {
    return parse(raw, { maxAliasCount: 0, schema: "core", uniqueKeys: true, logLevel: "error" });
  } catch {
    return undefined;
  }
}

class Reader implements ReadMultiports {
  readonly routes: RouteClaim[] = [];
  readonly remarks: Diagnostic[] = [];
  readonly #known: InventoryContainer;
  readonly #name: string;
  readonly #rules: ClaimRules;

  constructor(known: InventoryContainer, name: string, rules: ClaimRules) {
    this.#known = known;
    this.#name = name;
    this.#rules = rules;
  }

  refuse(why: string, value: unknown): void {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    this.remarks.push(diagnostic(this.#known, "multiports.refused", `${this.#name}: ${why}`, text));
  }

  readHost(raw: string, paths: unknown): void {
    const host = parseHost(raw, this.#rules.permissions?.has("regex"));
    if (host.kind === "refused") return this.refuse(host.why, raw);
    if (paths !== null && !isRecord(paths)) return this.refuse(`${raw}: neither empty nor paths`, paths);
    const { [HTTP_PORT]: http, [HTTPS_PORT]: https, ...locations } = paths ?? {};
    const ports = this.#readPorts(raw, http, https);
    const entries = Object.keys(locations).length === 0 ? [["/", null] as const] : Object.entries(locations);
    for (const [path, route] of entries) this.#readPath(host.value, ports, path, route);
  }

  #readPorts(host: string, http: unknown, https: unknown): RouteClaim["ports"] {
    const ports = { ...this.#readPort(host, "httpPort", http), ...this.#readPort(host, "httpsPort", https) };
    const clash: ReadonlyMap<string, string> = impossiblePorts(ports, this.#rules);
    for (const [key, port] of Object.entries(ports)) {
      const why = clash.get(key);
      if (why !== undefined) this.refuse(`${host}: ${why}; ${PORT_KEYS[key]} is left out`, port);
    }
    return Object.fromEntries(Object.entries(ports).filter(([key]) => !clash.has(key)));
  }

  #readPort(host: string, key: "httpPort" | "httpsPort", value: unknown): RouteClaim["ports"] {
    if (value === undefined || value === null) return {};
    const port = this.#rules.permissions?.has("ports")
      ? parsePort(textOf(value))
      : { kind: "refused" as const, why: "containers may not choose ports here (`containersMay: [ports]` lets them)" };
    if (port.kind === "ok") return { [key]: port.value };
    this.refuse(`${host}: ${port.why}; ${PORT_KEYS[key]} is left out`, value);
    return {};
  }

  #readPath(host: HostName, ports: RouteClaim["ports"], path: string, route: unknown): void {
    if (route !== null && !isRecord(route))
      return this.refuse(`${host} ${path}: neither empty nor port, proto, dest`, route);
    const { port = "", proto = "", dest = "", ...unknown } = route ?? {};
    for (const key of Object.keys(unknown))
      this.refuse(`${host} ${path}: ${key} is not port, proto or dest; it is left out`, key);
    if (this.routes.length >= MAX_ROUTES) return this.refuse(`more than ${MAX_ROUTES} paths`, path);
    const read = readRoute(
      { host, path, port: textOf(port), protocol: textOf(proto), destination: textOf(dest) },
      this.#rules,
    );
    if (read.kind === "refused") return this.refuse(`${host} ${path}: ${read.why}`, read.value);
    for (const { why, value } of read.remarks) this.refuse(`${host} ${path}: ${why}; it is left out`, value);
    this.routes.push(ports === undefined || Object.keys(ports).length === 0 ? read.route : { ...read.route, ports });
  }
}

/** What stands in YAML as a number or text; another shape is text that no grammar takes. */
function textOf(value: unknown): string {
  if (value === null) return "";
  return typeof value === "string" || typeof value === "number" ? String(value) : JSON.stringify(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
