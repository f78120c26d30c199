import type { InventoryContainer } from "../inventory/inventory-change.ts";
import type { Attachment } from "../../shared/snapshot.ts";
import type { Claim } from "./claim.ts";
import { diagnostic, type Diagnostic } from "./diagnostic.ts";
import {
  parseAddress,
  parseContainerName,
  parsePort,
  type ContainerName,
  type IpAddress,
  type PortNumber,
} from "./grammar.ts";
import type { HealthRule, ServerOptions } from "./options.ts";
import type { Reach } from "./reach.ts";
import type { RouteRules } from "./routes.ts";

/** One replica behind a path of a virtual host. */
export interface Server extends Omit<ServerOptions, "health"> {
  readonly address: IpAddress;
  readonly port: PortNumber;
  readonly container: ContainerName;
}

export type Placed =
  /** A server for each of the claim's routes, in their order. */
  | { readonly kind: "placed"; readonly servers: readonly Server[]; readonly remarks: readonly Diagnostic[] }
  /** Cannot be sent requests now; its hosts stay known and answer 503 if nobody else serves them. */
  | { readonly kind: "waiting"; readonly diagnostic: Diagnostic }
  /** Has no part in routing at all. */
  | { readonly kind: "absent"; readonly diagnostic: Diagnostic };

/** Docker's network of the published ports of Swarm services: nobody else can use its addresses. */
const SWARM_INGRESS = "ingress";

/** Docker's network of containers that have none of their own. */
const HOST_NETWORK = "host";

const LOOPBACK = "127.0.0.1" as IpAddress;

/** Where a container can be reached now, or why it cannot. */
export function placeServer(known: InventoryContainer, claim: Claim, reach: Reach, rules: RouteRules): Placed {
  const { health = rules.health ?? "required", ...parameters } = claim.server;
  const idle = notRunning(known, rules.onlyExposed, health);
  if (idle) return idle;
  const address = chooseAddress(known, claim, reach, rules);
  if (!address) return { kind: "waiting", diagnostic: unreachable(known, claim, reach) };
  const { container } = known;
  const name = parseContainerName(container.name) ?? (container.id.slice(0, 12) as ContainerName);
  const usual = usualPort(known);
  const needsUsual = claim.routes.some(({ port }) => port === undefined);
  return {
    kind: "placed",
    servers: claim.routes.map(({ port }) => ({ address, port: port ?? usual.port, container: name, ...parameters })),
    remarks: needsUsual ? usual.remarks : [],
  };
}

function notRunning(known: InventoryContainer, onlyExposed: boolean, rule: HealthRule): Placed | undefined {
  const { state, stopping, health } = known.container;
  if (state !== "running" && state !== "paused") return absent(diagnostic(known, "state", `is ${state}`));
  if (onlyExposed && exposedTcp(known).length === 0) {
    return absent(
      diagnostic(known, "port.none", "exposes no TCP port: add EXPOSE to its image or `expose` to its service"),
    );
  }
  if (state === "paused") return waiting(diagnostic(known, "state", "is paused"));
  if (stopping) return waiting(diagnostic(known, "stopping", "is stopping"));
  if (health === "starting" && rule === "required")
    return waiting(diagnostic(known, "health", "has not passed its health check yet"));
  if (health === "unhealthy" && rule !== "ignored") return waiting(diagnostic(known, "health", "is unhealthy"));
  return undefined;
}

/** The port of routes that name none. */
function usualPort(known: InventoryContainer): { port: PortNumber; remarks: Diagnostic[] } {
  const exposed = exposedTcp(known);
  if (exposed.length === 1) return { port: exposed[0]!, remarks: [] };
  const what = exposed.length === 0 ? "exposes no TCP port" : `exposes the TCP ports ${exposed.join(", ")}`;
  const detail = `${what} and has no VIRTUAL_PORT: 80 is used`;
  return { port: 80 as PortNumber, remarks: [diagnostic(known, "port.guessed", detail)] };
}

function exposedTcp({ container }: InventoryContainer): PortNumber[] {
  const tcp = container.ports.filter(({ proto }) => proto === "tcp").map(({ port }) => parsePort(String(port)));
  const ports = tcp.flatMap((parsed) => (parsed.kind === "ok" ? [parsed.value] : []));
  return [...new Set(ports)].toSorted((a, b) => a - b);
}

/**
 * On the network that the container names, else any that nginx shares. IPv4 before IPv6 unless the operator prefers
 * the other, then the first network by name: the same choice whatever order Docker tells them in.
 */
function chooseAddress(
  known: InventoryContainer,
  { network }: Claim,
  reach: Reach,
  { hostAddress, preferIpv6 = false }: RouteRules,
): IpAddress | undefined {
  if (isElsewhere(known, reach)) return undefined;
  const networks = sharedNetworks(known, reach)
    .filter(({ name }) => network === undefined || name === network)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const [first, second] = preferIpv6 ? (["ipv6", "ipv4"] as const) : (["ipv4", "ipv6"] as const);
  const found = firstAddress(networks, first) ?? firstAddress(networks, second);
  if (found !== undefined || !known.container.networks.some(({ name }) => name === HOST_NETWORK)) return found;
  return isOnHost(reach) ? LOOPBACK : hostAddress;
}

function sharedNetworks({ container: { networks } }: InventoryContainer, reach: Reach): readonly Attachment[] {
  const usable = networks.filter(({ name }) => name !== SWARM_INGRESS);
  return reach.kind === "everywhere" || isOnHost(reach)
    ? usable
    : usable.filter(({ name }) => reach.names.includes(name));
}

/** Whether it runs on another Docker host than nginx: then networks of the same name are others. */
function isElsewhere({ agent }: InventoryContainer, reach: Reach): boolean {
  return reach.kind === "networks" && reach.agent !== agent;
}

/** Whether nginx itself uses the Docker host's network, from where every container is reached. */
function isOnHost(reach: Reach): boolean {
  return reach.kind === "everywhere" || reach.names.includes(HOST_NETWORK);
}

function firstAddress(networks: readonly Attachment[], family: "ipv4" | "ipv6"): IpAddress | undefined {
  for (const { [family]: raw } of networks) {
    const parsed = raw === undefined ? undefined : parseAddress(raw);
    if (parsed?.kind === "ok") return parsed.value;
  }
  return undefined;
}

function unreachable(known: InventoryContainer, { network }: Claim, reach: Reach): Diagnostic {
  const names = known.container.networks.map(({ name }) => name);
  const own = list(names);
  if (network !== undefined && !names.includes(network)) {
    return diagnostic(known, "network.none", `is not on the network that it names (its networks: ${own})`, network);
  }
  if (isElsewhere(known, reach)) {
    return diagnostic(known, "network.none", `runs on ${known.host}, another Docker host than nginx`);
  }
  if (names.includes(HOST_NETWORK)) {
    const mend = "set `hostAddress` to where nginx reaches the Docker host";
    return diagnostic(known, "network.none", `uses the Docker host's network: ${mend}`);
  }
  if (reach.kind === "everywhere") return diagnostic(known, "network.none", `has no address (networks: ${own})`);
  const detail = `has no address on a network shared with nginx (its networks: ${own}; nginx's: ${list(reach.names)})`;
  return diagnostic(known, "network.none", detail);
}

function list(names: readonly string[]): string {
  return names.length === 0 ? "none" : names.toSorted().join(", ");
}

function absent(found: Diagnostic): Placed {
  return { kind: "absent", diagnostic: found };
}

function waiting(found: Diagnostic): Placed {
  return { kind: "waiting", diagnostic: found };
}
