import { diagnostic, type Diagnostic } from "./diagnostic.ts";
import type { Evaluation } from "./evaluation.ts";
import type { HostName, PortNumber } from "./grammar.ts";
import { HOST_OPTIONS } from "./options.ts";
import { ownerOf, type PortOwner, type PortUse } from "./port-owner.ts";
import type { VirtualHost } from "./routes.ts";

const USES = ["httpPort", "httpsPort"] as const;

/** Tracks the ports of hosts, and the conflicts between plain HTTP and TLS on one port. */
export class PortConflicts {
  /** Hosts by port, each with the time of its first request. */
  readonly #hosts: Readonly<Record<PortUse, Map<PortNumber, Map<HostName, number>>>> = {
    httpPort: new Map(),
    httpsPort: new Map(),
  };

  /** Replaces the ports of one host. */
  replace(before: VirtualHost | undefined, after: VirtualHost | undefined): void {
    for (const use of USES) {
      const [left, taken] = [before?.options[use], after?.options[use]];
      if (left !== undefined) this.#remove(use, left, before!.host);
      if (taken !== undefined) this.#add(use, taken, after!);
    }
  }

  /** Returns a diagnostic for each container whose port goes to another host, in an order of its own. */
  diagnostics(evaluationsOf: (host: HostName) => readonly Evaluation[]): [host: HostName, message: Diagnostic][] {
    return this.#conflicts.flatMap(([port, owner]) => {
      const use = owner.use === "httpPort" ? "httpsPort" : "httpPort";
      const losers = [...this.#hosts[use].get(port)!.keys()].toSorted();
      return losers.flatMap((host) =>
        evaluationsOf(host)
          .filter((one) => requestsPort(one, host, use, port))
          .map(({ subject }): [HostName, Diagnostic] => [
            host,
            diagnostic(subject, "port.contested", problemOf(host, use, port, owner)),
          ]),
      );
    });
  }

  get #conflicts(): [port: PortNumber, owner: PortOwner][] {
    const { httpPort, httpsPort } = this.#hosts;
    const requests = (hosts: ReadonlyMap<HostName, number> | undefined) =>
      [...(hosts ?? [])].map(([host, since]) => ({ host, since }));
    return [...httpPort.keys()]
      .toSorted((a, b) => a - b)
      .flatMap((port) => {
        const owner = ownerOf({ httpPort: requests(httpPort.get(port)), httpsPort: requests(httpsPort.get(port)) });
        return owner ? [[port, owner]] : [];
      });
  }

  #add(use: PortUse, port: PortNumber, { host, portsSince = 0 }: VirtualHost): void {
    const hosts = this.#hosts[use].get(port) ?? new Map<HostName, number>();
    this.#hosts[use].set(port, hosts.set(host, portsSince));
  }

  #remove(use: PortUse, port: PortNumber, host: HostName): void {
    const hosts = this.#hosts[use].get(port);
    hosts?.delete(host);
    if (hosts?.size === 0) this.#hosts[use].delete(port);
  }
}

function problemOf(host: HostName, use: PortUse, port: PortNumber, owner: PortOwner) {
  const [requested, other] = use === "httpPort" ? ["plain HTTP", "TLS"] : ["TLS", "plain HTTP"];
  return {
    where: HOST_OPTIONS[use].env!,
    problem: `${host} requests port ${port} for ${requested}, but ${owner.host} requested it first for ${other}`,
    hint: "choose another port (the default port is used until then)",
  };
}

function requestsPort({ options, routes }: Evaluation, host: HostName, use: PortUse, port: PortNumber): boolean {
  return options.host[use] === port || routes.some(({ route }) => route.host === host && route.ports?.[use] === port);
}
