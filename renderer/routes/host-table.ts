import { compare } from "./compare.ts";
import type { Diagnostic } from "./diagnostic.ts";
import type { Evaluation } from "./evaluation.ts";
import type { HostName } from "./grammar.ts";
import { type HostOwners, PROXY_NAME } from "./host-owners.ts";
import { joinHost, type JoinedHost, type JoinRules } from "./join-host.ts";
import { OPERATOR } from "./owner.ts";
import { portConflicts } from "./contested-ports.ts";
import { isReserved, namesOf } from "./reserved-names.ts";
import type { Reservation } from "./route-rules.ts";
import type { VirtualHost } from "./routes.ts";

/** One virtual host that was added, changed or removed. */
export interface HostChange {
  readonly before: VirtualHost | undefined;
  readonly after: VirtualHost | undefined;
}

export interface HostChanges {
  readonly hosts: readonly HostChange[];
  /** New conflicts. */
  readonly remarks: readonly Diagnostic[];
}

export interface HostTableRules extends JoinRules {
  /** Who owns each host; undefined if all containers share all hosts. */
  readonly owners: HostOwners | undefined;
  readonly reservations: readonly Reservation[];
  /** Milliseconds for which a host is kept, without replicas, after its last container is gone. */
  readonly graceMs: number;
}

/** The virtual hosts, sorted by name. Hosts that an update does not touch remain the same objects. */
export class HostTable {
  readonly #rules: HostTableRules;
  readonly #evaluations = new Map<HostName, Map<string, Evaluation>>();
  readonly #sorted: VirtualHost[] = [];
  readonly #conflicts = new Map<HostName, readonly Diagnostic[]>();
  /** The hosts with ports of their own. */
  readonly #withPorts = new Map<HostName, VirtualHost>();
  #portConflicts: readonly [host: HostName, message: Diagnostic][] = [];
  /** When hosts without containers are removed, in milliseconds. */
  readonly #departures = new Map<HostName, number>();
  #operatorHosts: ReadonlyMap<HostName, string> = new Map();

  constructor(rules: HostTableRules) {
    this.#rules = rules;
  }

  /** All hosts, sorted. The next update changes this array. */
  get virtualHosts(): readonly VirtualHost[] {
    return this.#sorted;
  }

  /** Returns the names and patterns that have a virtual host or an owner, without these. */
  namesExcept(printed: ReadonlySet<HostName>): readonly HostName[] {
    const names = new Set<HostName>();
    const isOther = (host: HostName): boolean => !printed.has(host);
    for (const { host } of this.#sorted) if (isOther(host)) names.add(host);
    const owned = [this.#recorded, ...this.#rules.reservations.map(namesOf)];
    for (const list of owned)
      for (const host of list) if (isOther(host) && !this.#operatorHosts.has(host)) names.add(host);
    return [...names];
  }

  get #recorded(): readonly HostName[] {
    const names = [...(this.#rules.owners?.all.keys() ?? [])];
    return names.filter((name) => name !== PROXY_NAME) as HostName[];
  }

  /** All conflicts between containers. */
  get remarks(): readonly Diagnostic[] {
    const byHost = [...this.#conflicts].toSorted(([a], [b]) => compare(a, b)).flatMap(([, messages]) => messages);
    return [...byHost, ...this.#portConflicts.map(([, message]) => message)];
  }

  /** The same by host. */
  get disputed(): ReadonlyMap<HostName, readonly Diagnostic[]> {
    const byHost = new Map(this.#conflicts);
    for (const [host, message] of this.#portConflicts) byHost.set(host, [...(byHost.get(host) ?? []), message]);
    return new Map([...byHost].toSorted(([a], [b]) => compare(a, b)));
  }

  /** When `expire` has to be called next; undefined when no host is waiting to be removed. */
  get nextDeparture(): number | undefined {
    return this.#departures.size === 0 ? undefined : Math.min(...this.#departures.values());
  }

  /** Replaces a container's routes. Returns the hosts to pass to `update` afterwards. */
  replace(key: string, before: Evaluation | undefined, after: Evaluation | undefined): readonly HostName[] {
    const [left, taken] = [hostsOf(before), hostsOf(after)];
    for (const host of left) this.#evaluations.get(host)?.delete(key);
    for (const host of taken) {
      const evaluations = this.#evaluations.get(host) ?? new Map<string, Evaluation>();
      this.#evaluations.set(host, evaluations.set(key, after!));
    }
    return [...left, ...taken];
  }

  /** Joins these hosts again and returns those that changed. `now`: milliseconds of any clock. */
  update(touched: ReadonlySet<HostName>, now: number): HostChanges {
    const remarks: Diagnostic[] = [];
    const hosts = [...touched].toSorted().flatMap((host) => this.#updateOne(host, now, remarks) ?? []);
    for (const { before, after } of hosts) {
      if (after?.options.httpPort ?? after?.options.httpsPort) this.#withPorts.set(after.host, after);
      else this.#withPorts.delete((after ?? before!).host);
    }
    const before = this.#portConflicts.map(([, message]) => message);
    this.#portConflicts = portConflicts(this.#withPorts.values(), (host) =>
      [...(this.#evaluations.get(host)?.values() ?? [])].toSorted((a, b) => compare(a.order, b.order)),
    );
    const after = this.#portConflicts.map(([, message]) => message);
    return { hosts, remarks: [...remarks, ...newOf(after, before)] };
  }

  /** Sets the names of the operator's own servers, each with its file. */
  setOperatorHosts(hosts: ReadonlyMap<HostName, string>, now: number): HostChanges {
    const touched = [...this.#operatorHosts.keys(), ...hosts.keys()].filter((host) => this.#evaluations.has(host));
    this.#operatorHosts = hosts;
    return this.update(new Set(touched), now);
  }

  /** Removes the hosts whose grace period is over, and joins those again whose leases are over. */
  expire(now: number): HostChanges {
    const departed = [...this.#departures].flatMap(([host, until]) => (until <= now ? [host] : []));
    return this.update(new Set([...departed, ...((this.#rules.owners?.ended ?? []) as HostName[])]), now);
  }

  /** Records the owner of every host, as it is now. */
  record(): void {
    for (const host of new Set([...this.#evaluations.keys(), ...this.#recorded]))
      this.#ownerOf(host, this.#byAge(host));
  }

  #updateOne(host: HostName, now: number, remarks: Diagnostic[]): HostChange | undefined {
    const at = this.#indexOf(host);
    const before = this.#find(host);
    const byAge = this.#byAge(host);
    const owner = this.#ownerOf(host, byAge);
    const operatorFile = this.#operatorHosts.get(host);
    const rules = operatorFile === undefined ? this.#rules : { ...this.#rules, operatorFile };
    const joined = byAge.length > 0 ? joinHost(host, byAge, owner, rules) : undefined;
    if (!joined) this.#evaluations.delete(host);
    this.#updateConflicts(host, joined, remarks);
    const isKept = operatorFile === undefined && joined?.virtualHost === undefined;
    const after = isKept ? this.#departing(host, before, now) : joined?.virtualHost;
    if (!isKept) this.#departures.delete(host);
    if (JSON.stringify(before) === JSON.stringify(after)) return undefined;
    this.#sorted.splice(at, before ? 1 : 0, ...(after ? [after] : []));
    return { before, after };
  }

  /** Returns the owner of a host; undefined if all containers share it, or none requests it. */
  #ownerOf(host: HostName, byAge: readonly Evaluation[]): string | undefined {
    const { owners, reservations } = this.#rules;
    if (this.#operatorHosts.has(host)) return OPERATOR;
    const requesting = byAge.flatMap(({ owner }) => (owner === OPERATOR ? [] : [owner]));
    const isStatic = requesting.length < byAge.length && !isReserved(host, reservations);
    if (!owners) return undefined;
    return isStatic ? OPERATOR : (owners.decide(host, requesting) ?? (byAge.length > 0 ? OPERATOR : undefined));
  }

  #byAge(host: HostName): Evaluation[] {
    const evaluations = [...(this.#evaluations.get(host)?.values() ?? [])];
    return evaluations.toSorted((a, b) => compare(a.createdAt, b.createdAt) || compare(a.order, b.order));
  }

  /** Returns a host without containers as it is kept during its grace period. */
  #departing(host: HostName, before: VirtualHost | undefined, now: number): VirtualHost | undefined {
    const until = this.#departures.get(host) ?? now + this.#rules.graceMs;
    if (!before || before.redirectTo || until <= now) {
      this.#departures.delete(host);
      return undefined;
    }
    this.#departures.set(host, until);
    return { ...before, paths: before.paths.map((path) => ({ ...path, servers: [] })) };
  }

  #updateConflicts(host: HostName, joined: JoinedHost | undefined, remarks: Diagnostic[]): void {
    remarks.push(...newOf(joined?.remarks ?? [], this.#conflicts.get(host) ?? []));
    if (joined && joined.remarks.length > 0) this.#conflicts.set(host, joined.remarks);
    else this.#conflicts.delete(host);
  }

  #find(host: HostName): VirtualHost | undefined {
    const found = this.#sorted[this.#indexOf(host)];
    return found?.host === host ? found : undefined;
  }

  /** Returns the index of the host, or the index at which to insert it. */
  #indexOf(host: HostName): number {
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#sorted[middle]!.host < host) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function newOf(messages: readonly Diagnostic[], before: readonly Diagnostic[]): Diagnostic[] {
  const known = new Set(before.map((message) => JSON.stringify(message)));
  return messages.filter((message) => !known.has(JSON.stringify(message)));
}

/** Returns the hosts a container requests, and the names it redirects. */
function hostsOf(evaluation: Evaluation | undefined): readonly HostName[] {
  if (!evaluation || evaluation.routes.length === 0) return [];
  const requested = evaluation.routes.map(({ route }) => route.host);
  return [...new Set([...requested, ...(evaluation.options.host.redirectFrom ?? [])])];
}
