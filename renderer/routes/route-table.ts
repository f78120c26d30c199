import { compare } from "./compare.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { evaluate, type Evaluation } from "./evaluation.ts";
import type { HostName } from "./grammar.ts";
import { type HostChange, type HostChanges, HostTable } from "./host-table.ts";
import { keyOf, type InventoryContainer, type InventoryChange } from "../inventory/inventory-change.ts";
import { findReachableNetworks, isProxy, proxyOwner, type ReachableNetworks } from "./reachable-networks.ts";
import { namesOf } from "./reserved-names.ts";
import type { RouteRules } from "./route-rules.ts";
import { HostOwners, PROXY_NAME } from "./host-owners.ts";
import type { Blocked, HostOwnership, Published, Routes } from "./routes.ts";
import { staticEvaluations } from "./static-routes.ts";

export interface RouteChange {
  readonly hosts: readonly HostChange[];
  readonly evaluations: readonly { readonly before: Evaluation | undefined; readonly after: Evaluation | undefined }[];
  /** New conflicts between containers. */
  readonly remarks: readonly Diagnostic[];
}

const NO_CHANGE: RouteChange = { hosts: [], evaluations: [], remarks: [] };

/**
 * The routes of all containers, updated incrementally: the cost of a change depends on what it touches, not on the
 * number of containers. The result depends only on the containers, not on the order of changes, except for recorded
 * owners and hosts in their grace period. No I/O; the caller provides the clock.
 */
export class RouteTable {
  readonly #rules: RouteRules;
  readonly #known = new Map<string, InventoryContainer>();
  readonly #evaluations = new Map<string, Evaluation>();
  readonly #hosts: HostTable;
  /** Containers that are nginx by the rule. */
  readonly #proxies = new Map<string, InventoryContainer>();
  /** Agents whose containers are not used, because they have been disconnected for too long. */
  #absent: ReadonlySet<string> = new Set();
  #reachable: ReachableNetworks | Blocked;
  readonly #owners: HostOwners;
  #own: InventoryContainer | undefined;

  constructor(rules: RouteRules, owners = new HostOwners({ leaseMs: rules.ownerLeaseMs ?? 0 })) {
    this.#rules = rules;
    this.#owners = owners;
    this.#hosts = new HostTable({
      owners: rules.sharedHosts ? undefined : owners,
      reservations: rules.owners ?? [],
      permanentRedirects: rules.permissions?.has("permanentRedirects") ?? false,
      graceMs: rules.graceMs ?? 0,
      debugEndpoint: rules.debugEndpoint ?? false,
    });
    const hosts = staticEvaluations(rules.staticRoutes ?? []).map((one) =>
      this.#hosts.replace(one.order, undefined, one),
    );
    this.#hosts.update(new Set(hosts.flat()), 0);
    this.#reachable = this.#findNetworks();
  }

  /** What to publish; valid until the next change. Blocked while nginx's networks are unknown. */
  get wanted(): Published | Blocked {
    return this.#reachable.kind === "blocked"
      ? this.#reachable
      : { kind: "routes", virtualHosts: this.#hosts.virtualHosts };
  }

  /** The routes as last known, with all diagnostics. */
  get routes(): Routes {
    const evaluations = [...this.#evaluations.values()].toSorted((a, b) => compare(a.order, b.order));
    return {
      kind: "routes",
      virtualHosts: [...this.#hosts.virtualHosts],
      unrouted: evaluations.flatMap(({ unrouted }) => unrouted ?? []),
      waiting: waitingByHost(evaluations),
      owners: this.#ownership,
      disputed: this.#hosts.disputed,
      quarantined: evaluations.flatMap(({ quarantined }) => quarantined ?? []),
      remarks: [...evaluations.flatMap(({ faults = [], remarks }) => [...faults, ...remarks]), ...this.#hosts.remarks],
    };
  }

  /** Returns the names and patterns that have a virtual host or an owner, without these. */
  namesExcept(printed: ReadonlySet<HostName>): readonly HostName[] {
    return this.#hosts.namesExcept(printed);
  }

  /** Records the owner of each host from now on. Call it when every agent has reported. */
  recordOwners(): void {
    this.#owners.record();
    this.#hosts.record();
    this.#findNetworks();
  }

  /** Ends the lease of a name, which then belongs to the oldest container that requests it. */
  release(host: HostName, now: number): RouteChange & { readonly owner: string | undefined } {
    const owner = this.#owners.release(host);
    if (host === PROXY_NAME) return { ...this.#refreshNetworks(now), owner };
    return { ...NO_CHANGE, ...this.#hosts.update(new Set([host]), now), owner };
  }

  /** Sets the agents whose containers are not used now. */
  setAbsent(agents: ReadonlySet<string>, now: number): RouteChange {
    const isChanged = (agent: string): boolean => agents.has(agent) !== this.#absent.has(agent);
    const touched = [...this.#known].flatMap(([key, { agent }]) => (isChanged(agent) ? [key] : []));
    this.#absent = new Set(agents);
    return this.#reachable.kind === "blocked" ? NO_CHANGE : this.#evaluate(touched, this.#reachable, now);
  }

  /** Sets the names of the operator's own servers, each with its file. Containers cannot have them. */
  setOperatorHosts(hosts: ReadonlyMap<HostName, string>, now: number): RouteChange {
    return { ...NO_CHANGE, ...this.#hosts.setOperatorHosts(hosts, now) };
  }

  /** When `expire` has to be called, on the clock of `apply`; undefined when no grace period is running. */
  get nextDeparture(): number | undefined {
    return this.#hosts.nextDeparture;
  }

  /** When `expire` has to be called because of a lease, in milliseconds since the epoch. */
  get nextLeaseEnd(): number | undefined {
    return this.#owners.nextEnd;
  }

  /** Removes the hosts whose grace period is over, and passes on those whose lease is over. */
  expire(now: number): HostChanges {
    return this.#hosts.expire(now);
  }

  /** Why there are no routes now. */
  get blocked(): string | undefined {
    return this.#reachable.kind === "blocked" ? this.#reachable.reason : undefined;
  }

  /** Applies a change. While nginx's networks are unknown, the routes do not change. */
  apply({ upserted, gone }: InventoryChange, now = 0): RouteChange {
    for (const one of gone) this.#known.delete(keyOf(one));
    for (const one of upserted) this.#known.set(keyOf(one), one);
    const touched = this.#updateNetworks([...gone, ...upserted]) ? this.#everyKey() : [...gone, ...upserted].map(keyOf);
    return this.#reachable.kind === "blocked" ? NO_CHANGE : this.#evaluate(touched, this.#reachable, now);
  }

  #evaluate(touched: readonly string[], reachable: ReachableNetworks, now: number): RouteChange {
    const hosts = new Set<HostName>();
    const evaluations = touched.map((key) => {
      const known = this.#known.get(key);
      const before = this.#evaluations.get(key);
      const after = known && evaluate(known, reachable, this.#rules, this.#absent.has(known.agent));
      if (after) this.#evaluations.set(key, after);
      else this.#evaluations.delete(key);
      for (const host of this.#hosts.replace(key, before, after)) hosts.add(host);
      return { before, after };
    });
    return { ...this.#hosts.update(hosts, now), evaluations };
  }

  /** Returns true when nginx's networks changed, so that every container must be evaluated again. */
  #updateNetworks(touched: readonly InventoryContainer[]): boolean {
    const { proxy, ownId } = this.#rules;
    const isOwn = ({ container: { id } }: InventoryContainer): boolean => ownId !== undefined && id.startsWith(ownId);
    const own = touched.find(isOwn);
    if (own) this.#own = this.#known.get(keyOf(own));
    const isRelevant = (one: InventoryContainer): boolean =>
      proxy.kind !== "host" && (this.#proxies.has(keyOf(one)) || isProxy(one, proxy));
    if (proxy.kind === "host" || !(own || touched.some(isRelevant))) return false;
    for (const key of touched.map(keyOf)) {
      const known = this.#known.get(key);
      if (known && isProxy(known, proxy)) this.#proxies.set(key, known);
      else this.#proxies.delete(key);
    }
    const before = JSON.stringify(this.#reachable);
    this.#reachable = this.#findNetworks();
    return JSON.stringify(this.#reachable) !== before;
  }

  #findNetworks(): ReachableNetworks | Blocked {
    const { proxy } = this.#rules;
    const proxies = [...this.#proxies.values()];
    const owner = proxy.kind === "label" ? proxyOwner(proxies, this.#own, this.#owners) : undefined;
    return findReachableNetworks(proxies, proxy, owner);
  }

  #refreshNetworks(now: number): RouteChange {
    this.#reachable = this.#findNetworks();
    return this.#reachable.kind === "blocked" ? NO_CHANGE : this.#evaluate(this.#everyKey(), this.#reachable, now);
  }

  get #ownership(): ReadonlyMap<string, HostOwnership> {
    const all = [...this.#owners.all].toSorted(([a], [b]) => compare(a, b));
    const reserved = (this.#rules.owners ?? []).flatMap((one) =>
      namesOf(one).map((name): [string, HostOwnership] => [name, { owner: `the projects ${one.projects.join(", ")}` }]),
    );
    const recorded = all.map(([host, one]): [string, HostOwnership] => [
      host,
      { owner: one.owner, until: this.#owners.endOf(one) },
    ]);
    return new Map([...reserved, ...recorded]);
  }

  /** The containers there are, and those there were when the networks were last known. */
  #everyKey(): string[] {
    return [...new Set([...this.#known.keys(), ...this.#evaluations.keys()])];
  }
}

function waitingByHost(evaluations: readonly Evaluation[]): Map<HostName, Diagnostic[]> {
  const waiting = new Map<HostName, Diagnostic[]>();
  for (const { unrouted, routes } of evaluations) {
    for (const host of unrouted ? new Set(routes.map(({ route }) => route.host)) : []) {
      const same = waiting.get(host);
      if (same) same.push(unrouted!);
      else waiting.set(host, [unrouted!]);
    }
  }
  return waiting;
}
