import type { HostName } from "./grammar.ts";
import { joinWishes } from "./https-wish.ts";
import type { VirtualHost } from "./routes.ts";
import type { Server } from "./server.ts";
import type { Verdict } from "./verdict.ts";

/** One virtual host that became another, came or went. */
export interface HostChange {
  readonly before: VirtualHost | undefined;
  readonly after: VirtualHost | undefined;
}

/** Virtual hosts, sorted by name, each made of those that claim it. What is not touched stays the same object. */
export class HostTable {
  readonly #claimants = new Map<HostName, Map<string, Verdict>>();
  readonly #sorted: VirtualHost[] = [];

  /** All of them, sorted; the next change changes this list. */
  get virtualHosts(): readonly VirtualHost[] {
    return this.#sorted;
  }

  /** Adds a container's claim to its hosts, in place of what it claimed before. Call `settle` with the hosts after. */
  claim(key: string, before: Verdict | undefined, after: Verdict | undefined): readonly HostName[] {
    const [left, taken] = [before?.claim?.hosts ?? [], after?.claim?.hosts ?? []];
    for (const host of left) this.#claimants.get(host)?.delete(key);
    for (const host of taken) {
      const claimants = this.#claimants.get(host) ?? new Map<string, Verdict>();
      this.#claimants.set(host, claimants.set(key, after!));
    }
    return [...left, ...taken];
  }

  /** Makes these hosts anew; gives those that are really different. */
  settle(touched: ReadonlySet<HostName>): HostChange[] {
    return [...touched].toSorted().flatMap((host) => this.#settleOne(host) ?? []);
  }

  #settleOne(host: HostName): HostChange | undefined {
    const at = this.#placeOf(host);
    const before = this.#sorted[at]?.host === host ? this.#sorted[at] : undefined;
    const claimants = this.#claimants.get(host);
    if (!claimants || claimants.size === 0) {
      this.#claimants.delete(host);
      if (before) this.#sorted.splice(at, 1);
      return before && { before, after: undefined };
    }
    const after = joinReplicas(host, [...claimants.values()]);
    if (before && JSON.stringify(before) === JSON.stringify(after)) return undefined;
    this.#sorted.splice(at, before ? 1 : 0, after);
    return { before, after };
  }

  /** Where the host stands, or would have to: the first that is not less. */
  #placeOf(host: HostName): number {
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#sorted[middle]!.host < host) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function joinReplicas(host: HostName, claimants: readonly Verdict[]): VirtualHost {
  const replicas = new Map<string, Server>();
  for (const { server } of claimants.toSorted((a, b) => (a.order < b.order ? -1 : 1))) {
    const endpoint = `${server?.address} ${server?.port}`;
    if (server && !replicas.has(endpoint)) replicas.set(endpoint, server);
  }
  const byAge = claimants.toSorted((a, b) => a.createdAt - b.createdAt || (a.order < b.order ? -1 : 1));
  const https = joinWishes(byAge.flatMap(({ claim }) => claim?.https ?? []));
  return { host, paths: [{ path: "/", protocol: "http", servers: [...replicas.values()] }], https };
}
