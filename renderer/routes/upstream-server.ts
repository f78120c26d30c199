import type { InventoryContainer } from "../inventory/inventory-change.ts";
import type { Attachment } from "../../shared/snapshot.ts";
import { diagnostic, type Diagnostic, type DiagnosticSubject, subjectOf } from "./diagnostic.ts";
import {
  parseAddress,
  parseContainerName,
  parsePort,
  type ContainerName,
  type IpAddress,
  type PortNumber,
} from "./grammar.ts";
import type { HealthRule } from "./options.ts";
import { HOST_NETWORK, publishedPorts } from "./published-ports.ts";
import type { ReachableNetworks } from "./reachable-networks.ts";
import type { RouteRequest } from "./route-request.ts";
import type { RouteRules } from "./route-rules.ts";
import type { UpstreamServer } from "./routes.ts";

export type Resolution =
  /** One upstream server per requested route, in their order. */
  | { readonly kind: "resolved"; readonly servers: readonly UpstreamServer[]; readonly remarks: readonly Diagnostic[] }
  /** Cannot serve requests now. Its hosts are kept and answer 503 while no other container serves them. */
  | { readonly kind: "waiting"; readonly diagnostic: Diagnostic; readonly isStopped?: boolean }
  /** Takes no part in routing. */
  | { readonly kind: "absent"; readonly diagnostic: Diagnostic };

/** Docker's network for published ports of Swarm services: its addresses are not reachable from elsewhere. */
const SWARM_INGRESS = "ingress";

const LOOPBACK = "127.0.0.1" as IpAddress;

/** Resolves the routes of a container to upstream servers. */
export function resolveServers(
  known: InventoryContainer,
  request: RouteRequest,
  networks: ReachableNetworks,
  rules: RouteRules,
  isAgentAbsent: boolean,
): Resolution {
  const { health = rules.health ?? "required", ...parameters } = request.server;
  const subject = subjectOf(known);
  const exposed = exposedTcp(known);
  const isUnexposed = rules.onlyExposed && exposed.length === 0;
  const idle = notServing(known, subject, { isUnexposed, health, keepsStopped: rules.sharedHosts !== true });
  if (idle) return idle;
  if (isAgentAbsent) {
    const problem = "its agent has been disconnected for longer than `staleAfter`, so its address may be another's";
    return { kind: "waiting", diagnostic: diagnostic(subject, "agent.absent", { problem, hint: "start the agent" }) };
  }
  const { container } = known;
  const name = parseContainerName(container.name) ?? (container.id.slice(0, 12) as ContainerName);
  const [only] = exposed.length === 1 ? exposed : [];
  const defaultPort = only ?? (80 as PortNumber);
  const isGuessed = only === undefined && request.routes.some(({ port }) => port === undefined);
  const ports = request.routes.map(({ port = defaultPort }) => port);
  const places = placesOf(known, ports, request, networks, rules);
  if ("reason" in places) return { kind: "waiting", diagnostic: places };
  return {
    kind: "resolved",
    servers: places.map((place) => ({ ...place, container: name, ...parameters })),
    remarks: isGuessed ? [guessedPort(subject, exposed)] : [],
  };
}

/** Where nginx connects for each of the ports inside the container, or why it cannot. */
function placesOf(
  known: InventoryContainer,
  ports: readonly PortNumber[],
  request: RouteRequest,
  networks: ReachableNetworks,
  rules: RouteRules,
): readonly Pick<UpstreamServer, "address" | "port">[] | Diagnostic {
  const other = rules.otherHosts?.get(known.agent);
  if (other !== undefined && !isOnNginxHost(known, networks)) {
    const published = publishedPorts(known, other, ports);
    return "reason" in published ? published : published.map((port) => ({ address: other, port }));
  }
  const address = chooseAddress(known, request, networks, rules);
  if (!address) return unreachable(known, subjectOf(known), request, networks);
  return ports.map((port) => ({ address, port }));
}

interface ServingRules {
  /** It exposes no TCP port, although it must. */
  readonly isUnexposed: boolean;
  readonly health: HealthRule;
  /** Whether stopped containers keep their hosts. */
  readonly keepsStopped: boolean;
}

function notServing(
  { container: { state, stopping, health } }: InventoryContainer,
  subject: DiagnosticSubject,
  { isUnexposed, health: rule, keepsStopped }: ServingRules,
): Resolution | undefined {
  const absent = (code: "state" | "port.none", problem: string, hint: string) => ({
    kind: "absent" as const,
    diagnostic: diagnostic(subject, code, { problem, hint }),
  });
  const waiting = (code: "state" | "stopping" | "health", problem: string, hint: string): Resolution => ({
    kind: "waiting",
    diagnostic: diagnostic(subject, code, { problem, hint }),
  });
  if (state !== "running" && state !== "paused") {
    // A container that never ran has no host to keep. Docker keeps the exposed ports of a stopped one.
    const isKept = keepsStopped && state !== "created" && !isUnexposed;
    const stopped = absent("state", `is ${state}`, "start it to route it");
    return isKept ? { ...stopped, kind: "waiting", isStopped: true } : stopped;
  }
  if (isUnexposed) {
    return absent("port.none", "exposes no TCP port", "add EXPOSE to its image or `expose` to its service");
  }
  if (state === "paused") return waiting("state", "is paused", "unpause it to route it");
  if (stopping) return waiting("stopping", "is stopping", "start it again to route it");
  if (health === "starting" && rule === "required") {
    return waiting("health", "has not passed its health check yet", "wait, or see its health check's log");
  }
  if (health === "unhealthy" && rule !== "ignored") {
    return waiting("health", "is unhealthy", "see its health check's log in `docker inspect`");
  }
  return undefined;
}

function guessedPort(subject: DiagnosticSubject, exposed: readonly PortNumber[]): Diagnostic {
  const ports = exposed.length === 0 ? "no TCP port" : `the TCP ports ${exposed.join(", ")}`;
  const problem = `exposes ${ports} and has no VIRTUAL_PORT, so port 80 is used`;
  return diagnostic(subject, "port.guessed", { problem, hint: "set VIRTUAL_PORT" });
}

function exposedTcp({ container }: InventoryContainer): PortNumber[] {
  const tcp = container.ports.filter(({ proto }) => proto === "tcp").map(({ port }) => parsePort(String(port)));
  const ports = tcp.flatMap((parsed) => (parsed.kind === "ok" ? [parsed.value] : []));
  return [...new Set(ports)].toSorted((a, b) => a - b);
}

/**
 * Chooses from the network that the container names, else from all that nginx shares: IPv4 before IPv6 unless the
 * operator prefers IPv6, then the first network by name. The choice does not depend on Docker's order.
 */
function chooseAddress(
  known: InventoryContainer,
  { network }: RouteRequest,
  reachable: ReachableNetworks,
  { hostAddress, preferIpv6 = false }: RouteRules,
): IpAddress | undefined {
  if (isOnOtherHost(known, reachable)) return undefined;
  const networks = sharedNetworks(known, reachable)
    .filter(({ name }) => network === undefined || name === network)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const [first, second] = preferIpv6 ? (["ipv6", "ipv4"] as const) : (["ipv4", "ipv6"] as const);
  const found = firstAddress(networks, first) ?? firstAddress(networks, second);
  if (found !== undefined || !known.container.networks.some(({ name }) => name === HOST_NETWORK)) return found;
  return reachesAll(reachable) ? LOOPBACK : hostAddress;
}

function sharedNetworks(
  { container: { networks } }: InventoryContainer,
  reachable: ReachableNetworks,
): readonly Attachment[] {
  const usable = networks.filter(({ name }) => name !== SWARM_INGRESS);
  return reachable.kind === "all" || reachesAll(reachable)
    ? usable
    : usable.filter(({ name }) => reachable.names.includes(name));
}

function isOnNginxHost({ agent }: InventoryContainer, reachable: ReachableNetworks): boolean {
  return reachable.kind === "networks" && reachable.agent === agent;
}

/** Networks of the same name on different Docker hosts are different networks. */
function isOnOtherHost({ agent }: InventoryContainer, reachable: ReachableNetworks): boolean {
  return reachable.kind === "networks" && reachable.agent !== agent;
}

/** On the Docker host's own network, nginx reaches every container of that host. */
function reachesAll(reachable: ReachableNetworks): boolean {
  return reachable.kind === "all" || reachable.names.includes(HOST_NETWORK);
}

function firstAddress(networks: readonly Attachment[], family: "ipv4" | "ipv6"): IpAddress | undefined {
  for (const { [family]: raw } of networks) {
    const parsed = raw === undefined ? undefined : parseAddress(raw);
    if (parsed?.kind === "ok") return parsed.value;
  }
  return undefined;
}

function unreachable(
  known: InventoryContainer,
  subject: DiagnosticSubject,
  { network }: RouteRequest,
  reachable: ReachableNetworks,
): Diagnostic {
  const names = known.container.networks.map(({ name }) => name);
  const own = list(names);
  const because = (problem: string, hint: string): Diagnostic => diagnostic(subject, "network.none", { problem, hint });
  if (network !== undefined && !names.includes(network)) {
    const problem = `the container is not on this network (its networks: ${own})`;
    const hint = "attach it to the network, or correct the label";
    return diagnostic(subject, "network.none", { where: "sallyport.network", value: network, problem, hint });
  }
  if (isOnOtherHost(known, reachable)) {
    return because(
      `runs on ${known.dockerHost}, another Docker host than nginx`,
      "set `address` of its agent in `agents` and publish its port, or route it by an nginx on its own Docker host",
    );
  }
  if (names.includes(HOST_NETWORK)) {
    return because(
      "uses the Docker host's network",
      "set `hostAddress` to the address at which nginx reaches the Docker host",
    );
  }
  if (reachable.kind === "all") return because(`has no address (networks: ${own})`, "attach it to a network");
  return because(
    `shares no network with nginx (its networks: ${own}; nginx's networks: ${list(reachable.names)})`,
    "attach both to the same network",
  );
}

function list(names: readonly string[]): string {
  return names.length === 0 ? "none" : names.toSorted().join(", ");
}
