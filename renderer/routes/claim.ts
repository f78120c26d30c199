import type { InventoryContainer } from "../inventory/inventory-change.ts";
import { diagnostic, type Diagnostic, type Reason } from "./diagnostic.ts";
import { parseHost, type HostName } from "./grammar.ts";
import { readMultiports } from "./multiports.ts";
import { namesOf, rawOption, readOptions } from "./option.ts";
import {
  HOST_OPTIONS,
  type HostOptions,
  PATH_OPTIONS,
  type PathOptions,
  SERVER_OPTIONS,
  type ServerOptions,
} from "./options.ts";
import { type ClaimRules, impossiblePorts, type Owner, readRoute, type RouteClaim } from "./route-claim.ts";

/** Names one container may claim: more than anybody needs, few enough to be harmless. */
const MAX_HOSTS = 20;

/** What a container asks for. */
export interface Claim {
  /** At least one; no two of the same host and path and port. */
  readonly routes: readonly RouteClaim[];
  readonly host: HostOptions;
  readonly path: PathOptions;
  readonly server: ServerOptions;
  /** The network it wants to be reached on. */
  readonly network?: string;
  readonly remarks: readonly Diagnostic[];
}

export type ReadClaim =
  | { readonly kind: "claim"; readonly claim: Claim }
  | { readonly kind: "unrouted"; readonly diagnostic: Diagnostic }
  | { readonly kind: "quarantined"; readonly diagnostic: Diagnostic };

/** What names a route: the environment variable, and our label, which wins. */
const HOST = { env: "VIRTUAL_HOST", label: "host" };
const PORT = { env: "VIRTUAL_PORT", label: "port" };
const PATH = { env: "VIRTUAL_PATH", label: "path" };
const DESTINATION = { env: "VIRTUAL_DEST", label: "dest" };
const PROTOCOL = { env: "VIRTUAL_PROTO", label: "proto" };
const MULTIPORTS = { env: "VIRTUAL_HOST_MULTIPORTS", label: "multiports" };
const NETWORK = { label: "network" };

/** Where routes are named; what else can be said is in options.ts. */
export const ROUTE_NAMES = [HOST, PORT, PATH, DESTINATION, PROTOCOL, MULTIPORTS, NETWORK];

const REFUSED: Readonly<Record<"path" | "port" | "proto", Reason>> = {
  path: "path.refused",
  port: "port.refused",
  proto: "protocol.refused",
};

/** Reads what a container asks for. A bad entry costs itself; no good entry left costs the container. */
export function readClaim(known: InventoryContainer, rules: ClaimRules): ReadClaim {
  const { container } = known;
  const refusal = container.refused.find(({ from, name }) =>
    ROUTE_NAMES.some((place) => namesOf(place, from).includes(name)),
  );
  if (refusal)
    return quarantined(diagnostic(known, "value.refused", `${refusal.name} was withheld: ${refusal.reason}`));
  if (container.unread) {
    return quarantined(diagnostic(known, "never.read", "could not be inspected yet, so its environment is unknown"));
  }
  const found = readRoutes(known, rules);
  if (found === undefined)
    return { kind: "unrouted", diagnostic: diagnostic(known, "host.none", "has no VIRTUAL_HOST") };
  const { routes, remarks } = permitted(known, found, rules.owners ?? []);
  if (routes.length === 0) {
    return quarantined(remarks[0] ?? diagnostic(known, "host.refused", "names no host"));
  }
  return { kind: "claim", claim: withOptions(known, rules, routes, remarks) };
}

interface FoundRoutes {
  readonly routes: readonly RouteClaim[];
  readonly remarks: readonly Diagnostic[];
}

/** Undefined when the container asks for nothing. */
function readRoutes(known: InventoryContainer, rules: ClaimRules): FoundRoutes | undefined {
  const multiports = rawOption(known, MULTIPORTS);
  if (multiports) return readMultiports(known, multiports.name, multiports.raw, rules);
  const wanted = rawOption(known, HOST);
  return wanted && readSimple(known, wanted, rules);
}

/** What stands in a place, and what the place is called. */
type Said = NonNullable<ReturnType<typeof rawOption>>;

function readSimple(known: InventoryContainer, wanted: Said, rules: ClaimRules): FoundRoutes {
  const { hosts, remarks } = readHosts(known, wanted, rules);
  if (hosts.length === 0) return { routes: [], remarks };
  const [path, port, proto, dest] = [PATH, PORT, PROTOCOL, DESTINATION].map(
    (place) => rawOption(known, place) ?? { name: place.env, raw: "" },
  ) as [Said, Said, Said, Said];
  const written = { host: hosts[0]!, path: path.raw, port: port.raw, protocol: proto.raw, destination: dest.raw };
  const read = readRoute(written, rules);
  if (read.kind === "refused") {
    const { name } = { path, port, proto }[read.what];
    return { routes: [], remarks: [diagnostic(known, REFUSED[read.what], `${name}: ${read.why}`, read.value)] };
  }
  const left = read.remarks.map(({ why, value }) =>
    diagnostic(known, "option.refused", `${dest.name}: ${why}; it is left out`, value),
  );
  return { routes: hosts.map((host) => ({ ...read.route, host })), remarks: [...remarks, ...left] };
}

function readHosts(
  known: InventoryContainer,
  { name, raw }: Said,
  { permissions }: ClaimRules,
): { hosts: HostName[]; remarks: Diagnostic[] } {
  const hosts = new Set<HostName>();
  const remarks: Diagnostic[] = [];
  for (const entry of listed(raw)) {
    const parsed = parseHost(entry, permissions?.has("regex"));
    if (parsed.kind === "ok") hosts.add(parsed.value);
    else remarks.push(diagnostic(known, "host.refused", `${name}: ${parsed.why}`, entry.trim()));
  }
  if (hosts.size > MAX_HOSTS) {
    const detail = `${name}: names ${hosts.size} hosts, the first ${MAX_HOSTS} are used`;
    remarks.push(diagnostic(known, "host.too-many", detail));
  }
  if (hosts.size === 0 && remarks.length === 0) remarks.push(diagnostic(known, "host.refused", "names no host", raw));
  return { hosts: [...hosts].slice(0, MAX_HOSTS), remarks };
}

/** Divided by commas, but not by those inside the brackets of a regular expression. */
function listed(raw: string): string[] {
  const parts = raw.includes("~") ? raw.match(/~(?:\{[^}]*\}|\[[^\]]*\]|\([^)]*\)|[^,])*|[^,]+/g) : raw.split(",");
  return (parts ?? []).filter((part) => part.trim() !== "");
}

/** Without the hosts that belong to others. */
function permitted(known: InventoryContainer, { routes, remarks }: FoundRoutes, owners: readonly Owner[]): FoundRoutes {
  const { allowed, said } = ofOwn(known, [...new Set(routes.map(({ host }) => host))], owners);
  return { routes: routes.filter(({ host }) => allowed.has(host)), remarks: [...said, ...remarks] };
}

/** Which of the hosts this container may claim, and why not the others. */
function ofOwn(
  known: InventoryContainer,
  hosts: readonly HostName[],
  owners: readonly Owner[],
): { allowed: ReadonlySet<HostName>; said: Diagnostic[] } {
  const project = known.container.labels["com.docker.compose.project"];
  const allowed = new Set<HostName>();
  const said: Diagnostic[] = [];
  for (const host of hosts) {
    const owner = owners.find(({ suffix }) => isBelow(host, suffix));
    if (!owner || (project !== undefined && owner.projects.includes(project))) allowed.add(host);
    else {
      const whose = `${owner.suffix} belongs to ${owner.projects.join(", ")} (\`owners\`)`;
      said.push(diagnostic(known, "host.owned", `${whose}, and this is of ${project ?? "no project"}`, host));
    }
  }
  return { allowed, said };
}

/** A regular expression may stand for any name, and so is below every suffix. */
function isBelow(host: HostName, suffix: string): boolean {
  return host === suffix || host.endsWith(`.${suffix}`) || host.startsWith("~") || host.endsWith(".*");
}

function withOptions(
  known: InventoryContainer,
  rules: ClaimRules,
  routes: readonly RouteClaim[],
  remarks: readonly Diagnostic[],
): Claim {
  const permissions = rules.permissions ?? new Set();
  const [host, path, server] = [
    readOptions(known, HOST_OPTIONS, permissions),
    readOptions(known, PATH_OPTIONS, permissions),
    readOptions(known, SERVER_OPTIONS, permissions),
  ];
  const network = rawOption(known, NETWORK)?.raw;
  const { redirectFrom = [], ...values } = possible(host.values, rules);
  const clash = [...impossiblePorts(host.values, rules)].map(([key, why]) => {
    const { env } = HOST_OPTIONS[key];
    return diagnostic(known, "option.refused", `${env}: ${why}; it is left out`, String(host.values[key]));
  });
  const { allowed, said } = redirected(known, redirectFrom, routes[0]!.host, rules.owners ?? []);
  return {
    routes,
    host: allowed.size === 0 ? values : { ...values, redirectFrom: [...allowed] },
    path: path.values,
    server: server.values,
    ...(network !== undefined && { network }),
    remarks: [...remarks, ...said, ...clash, ...host.remarks, ...path.remarks, ...server.remarks],
  };
}

function possible(options: HostOptions, rules: ClaimRules): HostOptions {
  const left: ReadonlyMap<string, string> = impossiblePorts(options, rules);
  return left.size === 0 ? options : Object.fromEntries(Object.entries(options).filter(([key]) => !left.has(key)));
}

/** Which names this container may have sent on to its first host. */
function redirected(
  known: InventoryContainer,
  from: readonly HostName[],
  to: HostName,
  owners: readonly Owner[],
): ReturnType<typeof ofOwn> {
  if (from.length === 0 || /^[a-z0-9.-]+$/.test(to)) return ofOwn(known, from, owners);
  const detail = "sallyport.redirect-from: its first host stands for several names, so nothing can lead there";
  return { allowed: new Set(), said: [diagnostic(known, "option.refused", detail, to)] };
}

function quarantined(found: Diagnostic): ReadClaim {
  return { kind: "quarantined", diagnostic: found };
}
