import { compare } from "./compare.ts";
import type { Diagnostic } from "./diagnostic.ts";
import { evaluate, type Evaluation } from "./evaluation.ts";
import type { HostName } from "./grammar.ts";
import { type HostChange, type HostChanges, HostTable } from "./host-table.ts";
import { keyOf, type InventoryContainer, type InventoryChange } from "../inventory/inventory-change.ts";
import { findReachableNetworks, isProxy, type ReachableNetworks } from "./reachable-networks.ts";
import type { RouteRules } from "./route-rules.ts";
import type { Blocked, Published, Routes } from "./routes.ts";
import { staticEvaluations } from "./static-routes.ts";

/** How a change of containers changed the routes. */
export interface RouteChange {
  readonly hosts: readonly HostChange[];
  /** Evaluations of each touched container. */
  readonly evaluations: readonly { readonly before: Evaluation | undefined; readonly after: Evaluation | undefined }[];
  /** New conflicts between containers. */
  readonly remarks: readonly Diagnostic[];
}

const NO_CHANGE: RouteChange = { hosts: [], evaluations: [], remarks: [] };

/**
 * The routes of all containers, updated incrementally: the cost of a change depends on what it touches, not on the
 * number of containers. The result depends only on the containers, not on the order of changes, except for hosts in
 * their grace period. No I/O; the caller provides the clock.
 */
export class RouteTable {
  readonly #rules: RouteRules;
  readonly #known = new Map<string, InventoryContainer>();
  readonly #evaluations = new Map<string, Evaluation>();
  readonly #hosts: HostTable;
  /** Containers that are nginx by the rule. */
  readonly #proxies = new Map<string, InventoryContainer>();
  #reachable: ReachableNetworks | Blocked;

  constructor(rules: RouteRules) {
    this.#rules = rules;
    this.#hosts = new HostTable({
      sharedHosts: rules.sharedHosts ?? false,
      graceMs: rules.graceMs ?? 0,
      debugEndpoint: rules.debugEndpoint ?? false,
    });
    const hosts = staticEvaluations(rules.staticRoutes ?? []).map((one) =>
      this.#hosts.replace(one.order, undefined, one),
    );
    this.#hosts.update(new Set(hosts.flat()), 0);
    this.#reachable = findReachableNetworks([], rules.proxy);
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
      disputed: this.#hosts.disputed,
      quarantined: evaluations.flatMap(({ quarantined }) => quarantined ?? []),
      remarks: [...evaluations.flatMap(({ remarks }) => remarks), ...this.#hosts.remarks],
    };
  }

  /** When `expire` has to be called, on the clock of `apply`; undefined when no grace period is running. */
  get nextDeparture(): number | undefined {
    return this.#hosts.nextDeparture;
  }

  /** Removes the hosts whose grace period is over. */
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
      const after = known && evaluate(known, reachable, this.#rules);
      if (after) this.#evaluations.set(key, after);
      else this.#evaluations.delete(key);
      for (const host of this.#hosts.replace(key, before, after)) hosts.add(host);
      return { before, after };
    });
    return { ...this.#hosts.update(hosts, now), evaluations };
  }

  /** Returns true when nginx's networks changed, so that every container must be evaluated again. */
  #updateNetworks(touched: readonly InventoryContainer[]): boolean {
    const { proxy } = this.#rules;
    if (proxy.kind === "host" || !touched.some((one) => this.#proxies.has(keyOf(one)) || isProxy(one, proxy)))
      return false;
    for (const key of touched.map(keyOf)) {
      const known = this.#known.get(key);
      if (known && isProxy(known, proxy)) this.#proxies.set(key, known);
      else this.#proxies.delete(key);
    }
    const before = JSON.stringify(this.#reachable);
    this.#reachable = findReachableNetworks([...this.#proxies.values()], proxy);
    return JSON.stringify(this.#reachable) !== before;
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
