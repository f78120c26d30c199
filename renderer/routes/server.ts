import type { Known } from "../inventory/known.ts";
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
import type { Reach } from "./reach.ts";

/** One replica behind a virtual host. */
export interface Server {
  readonly address: IpAddress;
  readonly port: PortNumber;
  readonly container: ContainerName;
}

export type Placed =
  | { readonly kind: "placed"; readonly server: Server; readonly remarks: readonly Diagnostic[] }
  /** Cannot be sent requests now; its hosts stay known and answer 503 if nobody else serves them. */
  | { readonly kind: "waiting"; readonly diagnostic: Diagnostic }
  /** Has no part in routing at all. */
  | { readonly kind: "absent"; readonly diagnostic: Diagnostic };

/** Where a container can be reached now, or why it cannot. */
export function placeServer(known: Known, claim: Claim, reach: Reach, onlyExposed: boolean): Placed {
  const idle = notRunning(known, onlyExposed);
  if (idle) return idle;
  const address = chooseAddress(known, reach);
  if (!address) return { kind: "waiting", diagnostic: unreachable(known, reach) };
  const { port, remarks } = choosePort(known, claim);
  const { container } = known;
  const name = parseContainerName(container.name) ?? (container.id.slice(0, 12) as ContainerName);
  return { kind: "placed", server: { address, port, container: name }, remarks };
}

function notRunning(known: Known, onlyExposed: boolean): Placed | undefined {
  const { state, stopping, health } = known.container;
  if (state !== "running" && state !== "paused") return absent(diagnostic(known, "state", `is ${state}`));
  if (onlyExposed && exposedTcp(known).length === 0) {
    return absent(
      diagnostic(known, "port.none", "exposes no TCP port: add EXPOSE to its image or `expose` to its service"),
    );
  }
  if (state === "paused") return waiting(diagnostic(known, "state", "is paused"));
  if (stopping) return waiting(diagnostic(known, "stopping", "is stopping"));
  if (health === "starting") return waiting(diagnostic(known, "health", "has not passed its health check yet"));
  if (health === "unhealthy") return waiting(diagnostic(known, "health", "is unhealthy"));
  return undefined;
}

function choosePort(known: Known, { port }: Claim): { port: PortNumber; remarks: Diagnostic[] } {
  if (port !== undefined) return { port, remarks: [] };
  const exposed = exposedTcp(known);
  if (exposed.length === 1) return { port: exposed[0]!, remarks: [] };
  const what = exposed.length === 0 ? "exposes no TCP port" : `exposes the TCP ports ${exposed.join(", ")}`;
  const detail = `${what} and has no VIRTUAL_PORT: 80 is used`;
  return { port: 80 as PortNumber, remarks: [diagnostic(known, "port.guessed", detail)] };
}

function exposedTcp({ container }: Known): PortNumber[] {
  const tcp = container.ports.filter(({ proto }) => proto === "tcp").map(({ port }) => parsePort(String(port)));
  const ports = tcp.flatMap((parsed) => (parsed.kind === "ok" ? [parsed.value] : []));
  return [...new Set(ports)].toSorted((a, b) => a - b);
}

/** IPv4 before IPv6, then the first network by name: the same choice whatever order Docker tells them in. */
function chooseAddress(known: Known, reach: Reach): IpAddress | undefined {
  const networks = known.container.networks
    .filter(({ name }) => reach.kind === "everywhere" || (reach.agent === known.agent && reach.names.includes(name)))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return firstAddress(networks, "ipv4") ?? firstAddress(networks, "ipv6");
}

function firstAddress(networks: readonly Attachment[], family: "ipv4" | "ipv6"): IpAddress | undefined {
  for (const { [family]: raw } of networks) {
    const parsed = raw === undefined ? undefined : parseAddress(raw);
    if (parsed?.kind === "ok") return parsed.value;
  }
  return undefined;
}

function unreachable(known: Known, reach: Reach): Diagnostic {
  const own = list(known.container.networks.map(({ name }) => name));
  if (reach.kind === "everywhere") return diagnostic(known, "network.none", `has no address (networks: ${own})`);
  if (reach.agent !== known.agent) {
    return diagnostic(known, "network.none", `runs on ${known.host}, another Docker host than nginx`);
  }
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
