import type { Diagnostic } from "./diagnostic.ts";
import type { HostName, PortNumber } from "./grammar.ts";
import { HOST_OPTIONS } from "./options.ts";
import type { VirtualHost } from "./routes.ts";
import type { Verdict } from "./verdict.ts";

type Use = "httpPort" | "httpsPort";

/** A port that some hosts want for plain HTTP and others for TLS: nobody gets it. */
interface Contested {
  readonly port: PortNumber;
  readonly httpPort: readonly HostName[];
  readonly httpsPort: readonly HostName[];
}

/** Hosts by the ports that they want for themselves. */
export class PortClaims {
  readonly #hosts = { httpPort: new Map<PortNumber, Set<HostName>>(), httpsPort: new Map<PortNumber, Set<HostName>>() };

  /** Takes a host's new ports over. */
  replace(before: VirtualHost | undefined, after: VirtualHost | undefined): void {
    for (const use of ["httpPort", "httpsPort"] as const) {
      const [left, taken] = [before?.options[use], after?.options[use]];
      if (left !== undefined) this.#leave(use, left, before!.host);
      if (taken !== undefined) this.#take(use, taken, after!.host);
    }
  }

  /** What each container that wants such a port is told; sorted, so that it depends on no order. */
  remarks(claimantsOf: (host: HostName) => readonly Verdict[]): Diagnostic[] {
    return this.#contested.flatMap((contested) =>
      (["httpPort", "httpsPort"] as const).flatMap((use) =>
        contested[use].flatMap((host) => remarksFor(host, use, contested, claimantsOf(host))),
      ),
    );
  }

  get #contested(): Contested[] {
    const { httpPort, httpsPort } = this.#hosts;
    const ports = [...httpPort.keys()].filter((port) => httpsPort.has(port)).toSorted((a, b) => a - b);
    return ports.map((port) => ({
      port,
      httpPort: [...httpPort.get(port)!].toSorted(),
      httpsPort: [...httpsPort.get(port)!].toSorted(),
    }));
  }

  #take(use: Use, port: PortNumber, host: HostName): void {
    const hosts = this.#hosts[use].get(port) ?? new Set();
    this.#hosts[use].set(port, hosts.add(host));
  }

  #leave(use: Use, port: PortNumber, host: HostName): void {
    const hosts = this.#hosts[use].get(port);
    hosts?.delete(host);
    if (hosts?.size === 0) this.#hosts[use].delete(port);
  }
}

function remarksFor(host: HostName, use: Use, contested: Contested, claimants: readonly Verdict[]): Diagnostic[] {
  const { port } = contested;
  const [wanted, other] = use === "httpPort" ? ["plain HTTP", "TLS"] : ["TLS", "plain HTTP"];
  const [rival = "", ...more] = contested[use === "httpPort" ? "httpsPort" : "httpPort"];
  const rivals = more.length === 0 ? rival : `${rival} and ${more.length} more`;
  const mend = `${host} wants ${port} for ${wanted} and ${rivals} for ${other}; both keep the usual ports`;
  return claimants
    .filter((verdict) => isWantedBy(verdict, host, use, port))
    .map(({ who }) => ({ ...who, reason: "port.contested", detail: `${HOST_OPTIONS[use].env}: ${mend}` }));
}

function isWantedBy({ options, routes }: Verdict, host: HostName, use: Use, port: PortNumber): boolean {
  return options.host[use] === port || routes.some(({ claim }) => claim.host === host && claim.ports?.[use] === port);
}
