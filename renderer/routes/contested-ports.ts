import { compare } from "./compare.ts";
import { diagnostic, type Diagnostic } from "./diagnostic.ts";
import type { Evaluation } from "./evaluation.ts";
import type { HostName, PortNumber } from "./grammar.ts";
import { HOST_OPTIONS } from "./options.ts";
import type { VirtualHost } from "./routes.ts";

/** The protocol that a port is requested for: plain HTTP, or TLS. */
export type PortUse = "httpPort" | "httpsPort";

export const PORT_USES: readonly PortUse[] = ["httpPort", "httpsPort"];

/** A port that hosts request for both protocols. The oldest request decides. */
interface ContestedPort {
  readonly port: PortNumber;
  readonly use: PortUse;
  /** The host with the oldest request. */
  readonly owner: HostName;
  /** The hosts that request the port for the other protocol. */
  readonly losers: readonly HostName[];
}

export function contestedPorts(hosts: Iterable<VirtualHost>): ContestedPort[] {
  const requests = new Map<PortNumber, { host: HostName; use: PortUse; since: number }[]>();
  for (const { host, options, portsSince: since = 0 } of hosts) {
    for (const use of PORT_USES) {
      const port = options[use];
      if (port === undefined) continue;
      const same = requests.get(port) ?? [];
      requests.set(port, same);
      same.push({ host, use, since });
    }
  }
  return [...requests]
    .toSorted(([a], [b]) => a - b)
    .flatMap(([port, all]) => {
      const byAge = all.toSorted(
        (a, b) => compare(a.since, b.since) || compare(a.host, b.host) || compare(a.use, b.use),
      );
      const { host: owner, use } = byAge[0]!;
      const losers = all.flatMap((one) => (one.use === use ? [] : [one.host]));
      return losers.length === 0 ? [] : [{ port, use, owner, losers: losers.toSorted() }];
    });
}

/** Returns a diagnostic for each container whose port goes to another host. */
export function portConflicts(
  hosts: Iterable<VirtualHost>,
  evaluationsOf: (host: HostName) => readonly Evaluation[],
): [host: HostName, message: Diagnostic][] {
  return contestedPorts(hosts).flatMap(({ port, use, owner, losers }) => {
    const lost = use === "httpPort" ? "httpsPort" : "httpPort";
    const [requested, other] = lost === "httpPort" ? ["plain HTTP", "TLS"] : ["TLS", "plain HTTP"];
    return losers.flatMap((host) => {
      const problem = `${host} requests port ${port} for ${requested}, but ${owner} requested it first for ${other}`;
      const hint = "choose another port (the default port is used until then)";
      return evaluationsOf(host)
        .filter((one) => requestsPort(one, host, lost, port))
        .map(({ subject }): [HostName, Diagnostic] => [
          host,
          diagnostic(subject, "port.contested", { where: HOST_OPTIONS[lost].env!, problem, hint }),
        ]);
    });
  });
}

function requestsPort({ options, routes }: Evaluation, host: HostName, use: PortUse, port: PortNumber): boolean {
  return options.host[use] === port || routes.some(({ route }) => route.host === host && route.ports?.[use] === port);
}
