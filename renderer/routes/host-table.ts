import type { Diagnostic } from "./diagnostic.ts";
import type { HostName } from "./grammar.ts";
import { joinHost, type JoinedHost } from "./join-host.ts";
import { PortClaims } from "./port-claims.ts";
import type { VirtualHost } from "./routes.ts";
import type { Evaluation } from "./verdict.ts";

/** One virtual host that became another, came or went. */
export interface HostChange {
  readonly before: VirtualHost | undefined;
  readonly after: VirtualHost | undefined;
}

/** What came of a look at some hosts. */
export interface Settled {
  readonly hosts: readonly HostChange[];
  /** Disagreements that were not there before. */
  readonly remarks: readonly Diagnostic[];
}

export interface HostTableRules {
  readonly sharedHosts: boolean;
  /** Milliseconds for which a host that nobody claims any more is kept, without replicas. */
  readonly graceMs: number;
  /** Whether hosts tell what is known of them where their containers say nothing about it. */
  readonly debugEndpoint?: boolean;
}

/** Virtual hosts, sorted by name, each made of those that claim it. What is not touched stays the same object. */
export class HostTable {
  readonly #rules: HostTableRules;
  readonly #claimants = new Map<HostName, Map<string, Evaluation>>();
  readonly #sorted: VirtualHost[] = [];
  readonly #remarks = new Map<HostName, readonly Diagnostic[]>();
  readonly #ports = new PortClaims();
  #contested: readonly [host: HostName, remark: Diagnostic][] = [];
  /** Until when hosts that nobody claims are kept, in milliseconds. */
  readonly #departing = new Map<HostName, number>();

  constructor(rules: HostTableRules) {
    this.#rules = rules;
  }

  /** All of them, sorted; the next change changes this list. */
  get virtualHosts(): readonly VirtualHost[] {
    return this.#sorted;
  }

  /** Where containers disagree, by host. */
  get remarks(): readonly Diagnostic[] {
    const byHost = [...this.#remarks].toSorted(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, remarks]) => remarks);
    return [...byHost, ...this.#contested.map(([, remark]) => remark)];
  }

  /** The same, still by host. */
  get disputed(): ReadonlyMap<HostName, readonly Diagnostic[]> {
    const byHost = new Map(this.#remarks);
    for (const [host, remark] of this.#contested) byHost.set(host, [...(byHost.get(host) ?? []), remark]);
    return new Map([...byHost].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** When the next host that nobody claims goes; undefined when none does. */
  get nextDeparture(): number | undefined {
    return this.#departing.size === 0 ? undefined : Math.min(...this.#departing.values());
  }

  /** Adds a container's claims to its hosts, in place of what it claimed before. Call `settle` with the hosts after. */
  claim(key: string, before: Evaluation | undefined, after: Evaluation | undefined): readonly HostName[] {
    const [left, taken] = [hostsOf(before), hostsOf(after)];
    for (const host of left) this.#claimants.get(host)?.delete(key);
    for (const host of taken) {
      const claimants = this.#claimants.get(host) ?? new Map<string, Evaluation>();
      this.#claimants.set(host, claimants.set(key, after!));
    }
    return [...left, ...taken];
  }

  /** Makes these hosts anew; gives those that are really different. `now` in milliseconds, of any clock. */
  settle(touched: ReadonlySet<HostName>, now: number): Settled {
    const remarks: Diagnostic[] = [];
    const hosts = [...touched].toSorted().flatMap((host) => this.#settleOne(host, now, remarks) ?? []);
    for (const { before, after } of hosts) this.#ports.replace(before, after);
    const contested = this.#ports.remarks((host) => [...(this.#claimants.get(host)?.values() ?? [])].toSorted(byOrder));
    const before = this.#contested.map(([, remark]) => remark);
    remarks.push(
      ...newOf(
        contested.map(([, remark]) => remark),
        before,
      ),
    );
    this.#contested = contested;
    return { hosts, remarks };
  }

  /** Lets go the hosts whose time is over. */
  expire(now: number): Settled {
    return this.settle(new Set([...this.#departing].flatMap(([host, until]) => (until <= now ? [host] : []))), now);
  }

  #settleOne(host: HostName, now: number, news: Diagnostic[]): HostChange | undefined {
    const at = this.#placeOf(host);
    const before = this.#sorted[at]?.host === host ? this.#sorted[at] : undefined;
    const claimants = this.#claimants.get(host);
    const joined = claimants && claimants.size > 0 ? joinHost(host, [...claimants.values()], this.#rules) : undefined;
    if (!joined) this.#claimants.delete(host);
    this.#note(host, joined, news);
    const after = joined?.virtualHost ?? this.#departed(host, before, now);
    if (joined) this.#departing.delete(host);
    if (JSON.stringify(before) === JSON.stringify(after)) return undefined;
    this.#sorted.splice(at, before ? 1 : 0, ...(after ? [after] : []));
    return { before, after };
  }

  /** What stays of a host that nobody claims: its name, for a while. */
  #departed(host: HostName, before: VirtualHost | undefined, now: number): VirtualHost | undefined {
    const until = this.#departing.get(host) ?? now + this.#rules.graceMs;
    if (!before || before.redirectTo || until <= now) {
      this.#departing.delete(host);
      return undefined;
    }
    this.#departing.set(host, until);
    return { ...before, paths: before.paths.map((path) => ({ ...path, servers: [] })) };
  }

  #note(host: HostName, joined: JoinedHost | undefined, news: Diagnostic[]): void {
    news.push(...newOf(joined?.remarks ?? [], this.#remarks.get(host) ?? []));
    if (joined && joined.remarks.length > 0) this.#remarks.set(host, joined.remarks);
    else this.#remarks.delete(host);
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

function newOf(remarks: readonly Diagnostic[], before: readonly Diagnostic[]): Diagnostic[] {
  const known = new Set(before.map((remark) => JSON.stringify(remark)));
  return remarks.filter((remark) => !known.has(JSON.stringify(remark)));
}

function byOrder(a: Evaluation, b: Evaluation): number {
  return a.order < b.order ? -1 : 1;
}

/** The hosts a container claims, and the names it wants redirected to one. */
function hostsOf(verdict: Evaluation | undefined): readonly HostName[] {
  if (!verdict || verdict.routes.length === 0) return [];
  const claimed = verdict.routes.map(({ claim }) => claim.host);
  return [...new Set([...claimed, ...(verdict.options.host.redirectFrom ?? [])])];
}
