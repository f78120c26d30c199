import type { InventoryContainer } from "../inventory/inventory-change.ts";
import type { Attachment } from "../../shared/snapshot.ts";
import { diagnostic, type Diagnostic, type DiagnosticSubject, subjectOf } from "./diagnostic.ts";
import {
  type ContainerName,
  type IpAddress,
  parseAddress,
  parseContainerName,
  type PortNumber,
  tasksNameOf,
} from "./grammar.ts";
import { IGNORED } from "./option.ts";
import type { HealthRule } from "./options.ts";
import { HOST_NETWORK, publishedPorts } from "./published-ports.ts";
import { isOneOff } from "./owner.ts";
import type { ReachableNetworks } from "./reachable-networks.ts";
import type { RouteRequest } from "./route-request.ts";
import type { RouteRules } from "./route-rules.ts";
import type { UpstreamServer } from "./routes.ts";
import { idleReason } from "./serving.ts";
import { exposedTcp } from "./upstream-port.ts";

export type Resolution =
  /** One upstream server per requested route, in their order. */
  | { readonly kind: "resolved"; readonly servers: readonly UpstreamServer[] }
  /** Cannot serve requests now. Its hosts are kept and answer 503 while no other container serves them. */
  | {
      readonly kind: "waiting";
      readonly diagnostic: Diagnostic;
      readonly isStopped?: boolean;
      /** One upstream server per requested route, if a container that is stopping has sticky sessions. */
      readonly draining?: readonly UpstreamServer[];
    }
  /** Takes no part in routing. */
  | { readonly kind: "absent"; readonly diagnostic: Diagnostic };

/** Docker's network for published ports of Swarm services: its addresses are not reachable from elsewhere. */
export const SWARM_INGRESS = "ingress";

const LOOPBACK = "127.0.0.1" as IpAddress;

/** Resolves the routes of a container to upstream servers. `ports` are those of the routes. */
export function resolveServers(
  known: InventoryContainer,
  request: RouteRequest & { readonly ports: readonly { readonly port: PortNumber }[] },
  networks: ReachableNetworks,
  rules: RouteRules,
  isAgentAbsent: boolean,
): Resolution {
  const { health = rules.health ?? "required", replica, endpoint, ...parameters } = request.server;
  const subject = subjectOf(known);
  const excluded = notReplica(known, subject, replica);
  if (excluded) return excluded;
  const hasNoPort = exposedTcp(known).length === 0 && request.routes.some(({ port }) => port === undefined);
  // The port of a task is not guessed: its image is unknown.
  const isUnexposed = (rules.onlyExposed || known.container.task !== undefined) && hasNoPort;
  const idle = notServing(known, subject, { isUnexposed, health, keepsStopped: rules.sharedHosts !== true });
  if (idle?.kind === "waiting" && idle.diagnostic.code === "stopping" && isSticky(request, rules)) {
    const running = { ...known, container: { ...known.container, stopping: false } };
    const found = resolveServers(running, request, networks, rules, isAgentAbsent);
    return found.kind === "resolved" ? { ...idle, draining: found.servers } : idle;
  }
  if (idle) return idle;
  if (isAgentAbsent) {
    const problem =
      "its agent has been disconnected for longer than `staleAfter`, so its address may belong to another container";
    return { kind: "waiting", diagnostic: diagnostic(subject, "agent.absent", { problem, hint: "start the agent" }) };
  }
  const { container } = known;
  // A service that nginx reaches as a whole is one upstream server, whichever task it is known by.
  const whole = endpoint === "vip" || endpoint === "dns" ? container.task : undefined;
  const ofContainer = parseContainerName(container.name) ?? (container.id.slice(0, 12) as ContainerName);
  const name = whole ? serviceName(whole.service) : ofContainer;
  const ports = request.ports.map(({ port }) => port);
  const places = placesOf(known, ports, request, networks, rules);
  if ("reason" in places) return { kind: "waiting", diagnostic: places };
  return {
    kind: "resolved",
    // A task that leaves serves requests that its successor cannot serve yet.
    servers: places.map((place) => ({
      ...place,
      container: name,
      ...parameters,
      ...(known.container.task && { isRemote: true }),
      ...(container.stopping && !whole && { backup: true, maxFails: 0 }),
    })),
  };
}

function isSticky({ path, server: { endpoint = "tasks" } }: RouteRequest, rules: RouteRules): boolean {
  if (endpoint !== "tasks") return false;
  return path.sticky === undefined ? rules.isSticky === true : path.sticky === "cookie";
}

/** Returns the name of a service as that of an upstream server. No container has such a name. */
export function serviceName(service: string): ContainerName {
  return `service/${parseContainerName(service) ?? ""}` as ContainerName;
}

/** Reports a label that applies to services only. */
export function endpointRemarks(known: InventoryContainer, { server }: RouteRequest): Diagnostic[] {
  if (server.endpoint === undefined || known.container.task) return [];
  const problem = "applies to services of a swarm, whose agent has the option --swarm";
  return [diagnostic(subjectOf(known), "option.refused", { where: "sallyport.endpoint", problem, hint: IGNORED })];
}

/** Where nginx connects for each of the ports inside the container, or why it cannot. */
function placesOf(
  known: InventoryContainer,
  ports: readonly PortNumber[],
  request: RouteRequest,
  networks: ReachableNetworks,
  rules: RouteRules,
): readonly Pick<UpstreamServer, "address" | "port" | "isRemote">[] | Diagnostic {
  const other = rules.otherHosts?.get(known.agent);
  if (other !== undefined && !isOnNginxHost(known, networks)) {
    const published = publishedPorts(
      known,
      other,
      ports,
      request.routes.map(({ protocol }) => (protocol === "udp" ? "udp" : "tcp")),
    );
    return "reason" in published ? published : published.map((port) => ({ address: other, port, isRemote: true }));
  }
  const own = chooseAddress(known, request, networks, rules);
  if (!own) return unreachable(known, subjectOf(known), request, networks);
  const address = addressOfService(known, request, networks, rules) ?? own;
  return typeof address === "string" ? ports.map((port) => ({ address, port })) : address;
}

/** Returns the address of a Swarm service as a whole; undefined if nginx connects to its tasks. */
function addressOfService(
  { container, ...known }: InventoryContainer,
  request: RouteRequest,
  networks: ReachableNetworks,
  rules: RouteRules,
): UpstreamServer["address"] | Diagnostic | undefined {
  const { task } = container;
  const { endpoint: value = "tasks" } = request.server;
  if (!task || value === "tasks") return undefined;
  const virtual = { ...known, container: { ...container, networks: task.vips ?? [] } };
  const [address, problem, hint] =
    value === "dns"
      ? [tasksNameOf(task.service), `${task.service} is not a name in DNS`, "rename the service"]
      : [
          chooseAddress(virtual, request, networks, rules),
          `service ${task.service} has no virtual address on a network of nginx`,
          "deploy it with `endpoint_mode: vip`",
        ];
  const where = "sallyport.endpoint";
  const remedy = `${hint}, or remove the label`;
  return address ?? diagnostic(subjectOf(virtual), "network.none", { where, value, problem, hint: remedy });
}

/** Containers of `docker compose run` run one command, next to the service's own containers. */
function notReplica(
  { container }: InventoryContainer,
  subject: DiagnosticSubject,
  replica: boolean | undefined,
): Resolution | undefined {
  if (replica ?? !isOneOff(container)) return undefined;
  const [problem, hint] =
    replica === false
      ? ["the label `sallyport.replica` excludes it", "remove the label to route it"]
      : ["is a one-off container of `docker compose run`", "set the label `sallyport.replica=true` to route it"];
  return { kind: "absent", diagnostic: diagnostic(subject, "replica.none", { problem, hint }) };
}

interface ServingRules {
  /** It neither exposes nor names a TCP port, although it must. */
  readonly isUnexposed: boolean;
  readonly health: HealthRule;
  /** Whether stopped containers keep their hosts. */
  readonly keepsStopped: boolean;
}

function notServing(
  { container }: InventoryContainer,
  subject: DiagnosticSubject,
  { isUnexposed, health, keepsStopped }: ServingRules,
): Resolution | undefined {
  const idle = idleReason(container, health);
  const { state, joins, task } = container;
  // A container that never ran has no host to keep. Docker keeps the exposed ports of a stopped one.
  if (idle?.isStopped && (!keepsStopped || (state === "created" && !task) || isUnexposed)) {
    return { kind: "absent", diagnostic: diagnostic(subject, idle.code, idle) };
  }
  if (isUnexposed && task) {
    const problem = "has no port: a swarm does not report which ports an image exposes";
    const hint = `set the label \`sallyport.port\` of service ${task.service}`;
    return { kind: "absent", diagnostic: diagnostic(subject, "port.none", { problem, hint }) };
  }
  if (isUnexposed && state !== "restarting") {
    const hint = joins === undefined ? "set VIRTUAL_PORT, or add EXPOSE to its image" : "set VIRTUAL_PORT";
    const problem = "exposes no TCP port and has no VIRTUAL_PORT";
    return { kind: "absent", diagnostic: diagnostic(subject, "port.none", { problem, hint }) };
  }
  if (idle === undefined) return undefined;
  return { kind: "waiting", diagnostic: diagnostic(subject, idle.code, idle), isStopped: idle.isStopped ?? false };
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
  const { joined, container } = known;
  if (container.joins !== undefined && !joined) {
    const problem = `uses the network of container ${container.joins.slice(0, 12)}, which the agent does not disclose`;
    return because(problem, "disclose that container in the agent's policy");
  }
  if (joined && joined.state !== "running")
    return because(`uses the network of container ${joined.name}, which is ${joined.state}`, "start that container");
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
