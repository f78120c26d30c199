import type { Diagnostic } from "./diagnostic.ts";
import type { HostName, PortNumber } from "./grammar.ts";
import { HOST_OPTIONS } from "./options.ts";
import { ownerOf, type PortOwner, type PortUse } from "./port-owner.ts";
import type { VirtualHost } from "./routes.ts";
import type { Evaluation } from "./verdict.ts";

const USES = ["httpPort", "httpsPort"] as const;

/** Hosts by the ports that they want for themselves, each with when it was first wanted. */
export class PortClaims {
  readonly #hosts: Readonly<Record<PortUse, Map<PortNumber, Map<HostName, number>>>> = {
    httpPort: new Map(),
    httpsPort: new Map(),
  };

  /** Takes a host's new ports over. */
  replace(before: VirtualHost | undefined, after: VirtualHost | undefined): void {
    for (const use of USES) {
      const [left, taken] = [before?.options[use], after?.options[use]];
      if (left !== undefined) this.#leave(use, left, before!.host);
      if (taken !== undefined) this.#take(use, taken, after!);
    }
  }

  /** What each container is told whose port is another's, with the host; sorted, so that it depends on no order. */
  remarks(claimantsOf: (host: HostName) => readonly Evaluation[]): [host: HostName, remark: Diagnostic][] {
    return this.#contested.flatMap(([port, owner]) => {
      const use = owner.use === "httpPort" ? "httpsPort" : "httpPort";
      const losers = [...this.#hosts[use].get(port)!.keys()].toSorted();
      return losers.flatMap((host) =>
        remarksFor({ host, use, port }, owner, claimantsOf(host)).map((remark): [HostName, Diagnostic] => [
          host,
          remark,
        ]),
      );
    });
  }

  get #contested(): [port: PortNumber, owner: PortOwner][] {
    const { httpPort, httpsPort } = this.#hosts;
    const wishes = (hosts: ReadonlyMap<HostName, number> | undefined) =>
      [...(hosts ?? [])].map(([host, since]) => ({ host, since }));
    return [...httpPort.keys()]
      .toSorted((a, b) => a - b)
      .flatMap((port) => {
        const owner = ownerOf({ httpPort: wishes(httpPort.get(port)), httpsPort: wishes(httpsPort.get(port)) });
        return owner ? [[port, owner]] : [];
      });
  }

  #take(use: PortUse, port: PortNumber, { host, portsSince = 0 }: VirtualHost): void {
    const hosts = this.#hosts[use].get(port) ?? new Map<HostName, number>();
    this.#hosts[use].set(port, hosts.set(host, portsSince));
  }

  #leave(use: PortUse, port: PortNumber, host: HostName): void {
    const hosts = this.#hosts[use].get(port);
    hosts?.delete(host);
    if (hosts?.size === 0) this.#hosts[use].delete(port);
  }
}

interface Wish {
  readonly host: HostName;
  readonly use: PortUse;
  readonly port: PortNumber;
}

function remarksFor({ host, use, port }: Wish, owner: PortOwner, claimants: readonly Evaluation[]): Diagnostic[] {
  const [wanted, other] = use === "httpPort" ? ["plain HTTP", "TLS"] : ["TLS", "plain HTTP"];
  const why = `${host} wants ${port} for ${wanted}, and ${owner.host}, which is older, for ${other}; it has the usual port`;
  return claimants
    .filter((verdict) => isWantedBy(verdict, { host, use, port }))
    .map(({ who }) => ({ ...who, reason: "port.contested", detail: `${HOST_OPTIONS[use].env}: ${why}` }));
}

function isWantedBy({ options, routes }: Evaluation, { host, use, port }: Wish): boolean {
  return options.host[use] === port || routes.some(({ claim }) => claim.host === host && claim.ports?.[use] === port);
}
