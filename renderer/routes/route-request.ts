import type { InventoryContainer } from "../inventory/inventory-change.ts";
import {
  diagnostic,
  type Diagnostic,
  type DiagnosticCode,
  type DiagnosticSubject,
  subjectOf,
  withheld,
} from "./diagnostic.ts";
import { parseHost, type HostName } from "./grammar.ts";
import { parseMultiports } from "./multiports.ts";
import { IGNORED, namesOf, type OptionNames, parseOptions, type RawOption, rawOption } from "./option.ts";
import {
  HOST_OPTIONS,
  type HostOptions,
  PATH_OPTIONS,
  type PathOptions,
  SERVER_OPTIONS,
  type ServerOptions,
} from "./options.ts";
import { parseRoute, type RequestedRoute, unusablePorts } from "./requested-route.ts";
import type { Owner, RequestRules } from "./route-rules.ts";

/** Host names in one VIRTUAL_HOST: a bound against abuse, far above real use. */
const MAX_HOSTS = 20;

/** What a container requests. */
export interface RouteRequest {
  /** At least one; no two of the same host, path and port. */
  readonly routes: readonly RequestedRoute[];
  readonly host: HostOptions;
  readonly path: PathOptions;
  readonly server: ServerOptions;
  /** The Docker network on which nginx connects to it. */
  readonly network?: string;
  readonly remarks: readonly Diagnostic[];
}

export type ParsedRequest =
  | { readonly kind: "ok"; readonly request: RouteRequest }
  | { readonly kind: "unrouted"; readonly diagnostic: Diagnostic }
  | { readonly kind: "quarantined"; readonly diagnostic: Diagnostic };

const HOST = { env: "VIRTUAL_HOST", label: "host" };
const PORT = { env: "VIRTUAL_PORT", label: "port" };
const PATH = { env: "VIRTUAL_PATH", label: "path" };
const DESTINATION = { env: "VIRTUAL_DEST", label: "dest" };
const PROTOCOL = { env: "VIRTUAL_PROTO", label: "proto" };
const MULTIPORTS = { env: "VIRTUAL_HOST_MULTIPORTS", label: "multiports" };
const NETWORK = { label: "network" };

/** Options that request a route; all other options are in options.ts. */
export const ROUTE_NAMES = [HOST, PORT, PATH, DESTINATION, PROTOCOL, MULTIPORTS, NETWORK];

type RouteOption = Required<Pick<OptionNames, "env" | "label">>;

const FIELDS: Readonly<Record<"path" | "port" | "protocol", readonly [RouteOption, DiagnosticCode]>> = {
  path: [PATH, "path.refused"],
  port: [PORT, "port.refused"],
  protocol: [PROTOCOL, "protocol.refused"],
};

const NO_HOST = "has no VIRTUAL_HOST; set it, or the label `sallyport.host`, to route the container";

/** Parses a container's route request. Invalid entries are ignored; without a valid one the container is quarantined. */
export function parseRequest(known: InventoryContainer, rules: RequestRules): ParsedRequest {
  const { container } = known;
  const subject = subjectOf(known);
  const refusal = container.refused.find(({ from, name }) =>
    ROUTE_NAMES.some((option) => namesOf(option, from).includes(name)),
  );
  if (refusal) return { kind: "quarantined", diagnostic: withheld(subject, "value.refused", refusal) };
  if (container.unread) {
    const problem = "the agent could not inspect the container, so its environment is unknown";
    const found = diagnostic(subject, "never.read", { problem, hint: "the agent retries; see its log for the error" });
    return { kind: "quarantined", diagnostic: found };
  }
  const found = parseRoutes(known, subject, rules);
  if (found === undefined) {
    return { kind: "unrouted", diagnostic: diagnostic(subject, "host.none", { problem: NO_HOST }) };
  }
  const { routes, remarks } = withoutReserved(known, subject, found, rules.owners ?? []);
  if (routes.length === 0) {
    return { kind: "quarantined", diagnostic: remarks[0] ?? noHost(subject, HOST.env, "") };
  }
  return { kind: "ok", request: withOptions(known, subject, rules, routes, remarks) };
}

interface ParsedRoutes {
  readonly routes: readonly RequestedRoute[];
  readonly remarks: readonly Diagnostic[];
}

/** Returns undefined if the container requests no route. */
function parseRoutes(
  known: InventoryContainer,
  subject: DiagnosticSubject,
  rules: RequestRules,
): ParsedRoutes | undefined {
  const multiports = rawOption(known, MULTIPORTS);
  if (multiports) return parseMultiports(subject, multiports, rules);
  const option = rawOption(known, HOST);
  return option && parseVirtualHost(known, subject, option, rules);
}

function parseVirtualHost(
  known: InventoryContainer,
  subject: DiagnosticSubject,
  option: RawOption,
  rules: RequestRules,
): ParsedRoutes {
  const { hosts, remarks } = parseHostList(subject, option, rules);
  if (hosts.length === 0) return { routes: [], remarks };
  const raw = (names: RouteOption): string => rawOption(known, names)?.raw ?? "";
  const nameOf = (names: RouteOption): string => rawOption(known, names)?.name ?? names.env;
  const parsed = parseRoute(
    { host: hosts[0]!, path: raw(PATH), port: raw(PORT), protocol: raw(PROTOCOL), destination: raw(DESTINATION) },
    rules,
  );
  if (parsed.kind === "invalid") {
    const [names, code] = FIELDS[parsed.field];
    const hint = "correct it to route the container";
    const fault = { where: nameOf(names), value: parsed.value, problem: parsed.reason, hint };
    return { routes: [], remarks: [diagnostic(subject, code, fault)] };
  }
  const ignored = parsed.ignored.map(({ value, reason: problem }) =>
    diagnostic(subject, "option.refused", { where: nameOf(DESTINATION), value, problem, hint: IGNORED }),
  );
  return { routes: hosts.map((host) => ({ ...parsed.route, host })), remarks: [...remarks, ...ignored] };
}

function parseHostList(
  subject: DiagnosticSubject,
  { name: where, raw }: RawOption,
  { permissions }: RequestRules,
): { hosts: HostName[]; remarks: Diagnostic[] } {
  const hosts = new Set<HostName>();
  const remarks: Diagnostic[] = [];
  for (const entry of splitHosts(raw)) {
    const parsed = parseHost(entry, permissions?.has("regex"));
    if (parsed.kind === "ok") hosts.add(parsed.value);
    else {
      const fault = { where, value: entry.trim(), problem: parsed.reason, hint: "correct it to route the host" };
      remarks.push(diagnostic(subject, "host.refused", fault));
    }
  }
  if (hosts.size > MAX_HOSTS) {
    const problem = `has ${hosts.size} host names, of which the first ${MAX_HOSTS} are used`;
    remarks.push(
      diagnostic(subject, "host.too-many", { where, problem, hint: "use several containers or a wildcard" }),
    );
  }
  if (hosts.size === 0 && remarks.length === 0) remarks.push(noHost(subject, where, raw));
  return { hosts: [...hosts].slice(0, MAX_HOSTS), remarks };
}

function noHost(subject: DiagnosticSubject, where: string, value: string): Diagnostic {
  return diagnostic(subject, "host.refused", { where, value, problem: "contains no host name", hint: "add one" });
}

/** Splits at commas, except at those inside the brackets of a regular expression. */
function splitHosts(raw: string): string[] {
  const parts = raw.includes("~") ? raw.match(/~(?:\{[^}]*\}|\[[^\]]*\]|\([^)]*\)|[^,])*|[^,]+/g) : raw.split(",");
  return (parts ?? []).filter((part) => part.trim() !== "");
}

function withoutReserved(
  known: InventoryContainer,
  subject: DiagnosticSubject,
  { routes, remarks }: ParsedRoutes,
  owners: readonly Owner[],
): ParsedRoutes {
  const hosts = [...new Set(routes.map(({ host }) => host))];
  const { allowed, reserved } = checkOwners(known, subject, HOST.env, hosts, owners);
  return { routes: routes.filter(({ host }) => allowed.has(host)), remarks: [...reserved, ...remarks] };
}

/** Returns the hosts that this container may request, and a diagnostic for each of the others. */
function checkOwners(
  known: InventoryContainer,
  subject: DiagnosticSubject,
  where: string,
  hosts: readonly HostName[],
  owners: readonly Owner[],
): { allowed: ReadonlySet<HostName>; reserved: Diagnostic[] } {
  const project = known.container.labels["com.docker.compose.project"];
  const allowed = new Set<HostName>();
  const reserved: Diagnostic[] = [];
  for (const host of hosts) {
    const owner = owners.find(({ suffix }) => isBelow(host, suffix));
    if (!owner || (project !== undefined && owner.projects.includes(project))) allowed.add(host);
    else {
      const { suffix, projects } = owner;
      const problem = `${suffix} is reserved for other compose projects (${projects.join(", ")})`;
      const hint = "use another name, or add the container's project to `owners`";
      reserved.push(diagnostic(subject, "host.owned", { where, value: host, problem, hint }));
    }
  }
  return { allowed, reserved };
}

/** A regular expression may match any name, so it counts as below every suffix. */
function isBelow(host: HostName, suffix: string): boolean {
  return host === suffix || host.endsWith(`.${suffix}`) || host.startsWith("~") || host.endsWith(".*");
}

function withOptions(
  known: InventoryContainer,
  subject: DiagnosticSubject,
  rules: RequestRules,
  routes: readonly RequestedRoute[],
  remarks: readonly Diagnostic[],
): RouteRequest {
  const permissions = rules.permissions ?? new Set();
  const host = parseOptions(known, HOST_OPTIONS, permissions);
  const path = parseOptions(known, PATH_OPTIONS, permissions);
  const server = parseOptions(known, SERVER_OPTIONS, permissions);
  const network = rawOption(known, NETWORK)?.raw;
  const unusable = unusablePorts(host.values, rules);
  const portFaults = [...unusable].map(([key, problem]) =>
    diagnostic(subject, "option.refused", {
      where: HOST_OPTIONS[key as "httpPort" | "httpsPort"].env!,
      problem,
      hint: IGNORED,
    }),
  );
  const { redirectFrom = [], ...others } = host.values;
  const usable: HostOptions =
    unusable.size === 0 ? others : Object.fromEntries(Object.entries(others).filter(([key]) => !unusable.has(key)));
  const { allowed, reserved } = checkRedirects(known, subject, redirectFrom, routes[0]!.host, rules.owners ?? []);
  return {
    routes,
    host: allowed.size === 0 ? usable : { ...usable, redirectFrom: [...allowed] },
    path: path.values,
    server: server.values,
    ...(network !== undefined && { network }),
    remarks: [...remarks, ...reserved, ...portFaults, ...host.remarks, ...path.remarks, ...server.remarks],
  };
}

/** Returns the names that this container may redirect to its first host. */
function checkRedirects(
  known: InventoryContainer,
  subject: DiagnosticSubject,
  from: readonly HostName[],
  to: HostName,
  owners: readonly Owner[],
): ReturnType<typeof checkOwners> {
  const where = namesOf(HOST_OPTIONS.redirectFrom, "label")[0]!;
  if (from.length === 0 || /^[a-z0-9.-]+$/.test(to)) return checkOwners(known, subject, where, from, owners);
  const problem = "the container's first host matches more than one name, so it cannot be the target of a redirect";
  const hint = "put a plain name first, or remove the option, which is ignored";
  return { allowed: new Set(), reserved: [diagnostic(subject, "option.refused", { where, problem, hint })] };
}
