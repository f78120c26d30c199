import type { InventoryContainer } from "../inventory/inventory-change.ts";
import { diagnostic, type Diagnostic, subjectOf } from "./diagnostic.ts";
import { parsePort, type PortNumber } from "./grammar.ts";
import type { RequestedRoute } from "./requested-route.ts";
import { parseStreamName } from "./stream-name.ts";

/** Ports of programs that speak no HTTP: remote shells, mail, DNS, databases, caches, queues and FastCGI servers. */
const OTHER_PROGRAMS = [
  22, 25, 53, 143, 389, 465, 587, 993, 1433, 1521, 1883, 3306, 3389, 5432, 5672, 6379, 9000, 9042, 11211, 27017, 33060,
];

/** Port ranges of one container that a message lists. */
const MAX_RANGES = 8;

export interface UpstreamPort {
  readonly port: PortNumber;
  /** Whether it is probably not the port of a web server. */
  readonly isDoubtful: boolean;
}

/** Returns the port of each route: the named one, else the only exposed one, else 80. */
export function portsOf(
  known: InventoryContainer,
  { routes }: { readonly routes: readonly RequestedRoute[] },
): { readonly ports: readonly UpstreamPort[]; readonly remarks: readonly Diagnostic[] } {
  const exposed = exposedTcp(known);
  const [only] = exposed.length === 1 ? exposed : [];
  const defaultPort = only ?? (80 as PortNumber);
  const isGuessed = only === undefined && routes.some(({ port }) => port === undefined);
  return {
    ports: routes.map(({ host, port = defaultPort, protocol }) => {
      if (parseStreamName(host)) return { port, isDoubtful: false };
      const isOther = OTHER_PROGRAMS.includes(port) && protocol.startsWith("http");
      return { port, isDoubtful: isOther || (exposed.length > 0 && !exposed.includes(port)) };
    }),
    remarks: isGuessed ? [guessedPort(known, exposed)] : [],
  };
}

function guessedPort(known: InventoryContainer, exposed: readonly PortNumber[]): Diagnostic {
  const ports = exposed.length === 0 ? "no TCP port" : `the TCP ports ${rangesText(exposed)}`;
  const { unlistedPorts = 0 } = known.container;
  const cut = unlistedPorts === 0 ? "" : ` (and ${unlistedPorts} ports that the agent does not list)`;
  const problem = `exposes ${ports}${cut} and has no VIRTUAL_PORT, so port 80 is used`;
  return diagnostic(subjectOf(known), "port.guessed", { problem, hint: "set VIRTUAL_PORT" });
}

/** Returns sorted ports as `80, 8000-8100`, the first ranges only. */
function rangesText(ports: readonly PortNumber[]): string {
  const ranges: [first: number, last: number][] = [];
  for (const port of ports) {
    const range = ranges.at(-1);
    if (range && range[1] === port - 1) range[1] = port;
    else ranges.push([port, port]);
  }
  const shown = ranges.slice(0, MAX_RANGES).map(([first, last]) => {
    if (first === last) return `${first}`;
    return last === first + 1 ? `${first}, ${last}` : `${first}-${last}`;
  });
  const others = ranges.slice(MAX_RANGES).reduce((sum, [first, last]) => sum + last - first + 1, 0);
  return `${shown.join(", ")}${others === 0 ? "" : ` and ${others} others`}`;
}

export function exposedTcp({ container }: InventoryContainer): PortNumber[] {
  const tcp = container.ports.filter(({ proto }) => proto === "tcp").map(({ port }) => parsePort(String(port)));
  const ports = tcp.flatMap((parsed) => (parsed.kind === "ok" ? [parsed.value] : []));
  return [...new Set(ports)].toSorted((a, b) => a - b);
}
