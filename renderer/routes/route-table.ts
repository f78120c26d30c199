import { keyOf, type InventoryContainer, type InventoryChange } from "../inventory/inventory-change.ts";
import type { HostName } from "./grammar.ts";
import { type HostChange, HostTable, type Settled } from "./host-table.ts";
import { findReach, isProxy, type Reach } from "./reach.ts";
import type { Diagnostic } from "./diagnostic.ts";
import type { Blocked, Published, RouteRules, Routes } from "./routes.ts";
import { staticVerdicts } from "./static-routes.ts";
import { judge, type Evaluation } from "./verdict.ts";

/** What a change of containers did to the routes. */
export interface RouteChange {
  readonly hosts: readonly HostChange[];
  /** What is to be said of each touched container, before and now. */
  readonly verdicts: readonly { readonly before: Evaluation | undefined; readonly after: Evaluation | undefined }[];
  /** Disagreements of containers that were not there before. */
  readonly remarks: readonly Diagnostic[];
}

const NO_CHANGE: RouteChange = { hosts: [], verdicts: [], remarks: [] };

/**
 * The routes of all containers, kept by changes: a change costs what it touches, whatever the number of
 * containers. Same containers in any order by any changes, same routes, but for hosts that are kept for their
 * time of grace. No I/O; the clock is the caller's.
 */
export class RouteTable {
  readonly #rules: RouteRules;
  readonly #known = new Map<string, InventoryContainer>();
  readonly #verdicts = new Map<string, Evaluation>();
  readonly #hosts: HostTable;
  /** Containers that the rule takes for nginx. */
  readonly #proxies = new Map<string, InventoryContainer>();
  #reach: Reach | Blocked;

  constructor(rules: RouteRules) {
    this.#rules = rules;
    this.#hosts = new HostTable({
      sharedHosts: rules.sharedHosts ?? false,
      graceMs: rules.graceMs ?? 0,
      debugEndpoint: rules.debugEndpoint ?? false,
    });
    const own = staticVerdicts(rules.staticRoutes ?? []).map((verdict) =>
      this.#hosts.claim(verdict.order, undefined, verdict),
    );
    this.#hosts.settle(new Set(own.flat()), 0);
    this.#reach = findReach([], rules.proxy);
  }

  /** What to publish now; the list is valid until the next change. A Hold while nginx's networks are not known. */
  get wanted(): Published | Blocked {
    return this.#reach.kind === "blocked" ? this.#reach : { kind: "routes", virtualHosts: this.#hosts.virtualHosts };
  }

  /** The routes as they were last known, with everything there is to say about them. */
  get routes(): Routes {
    const verdicts = [...this.#verdicts.values()].toSorted((a, b) => (a.order < b.order ? -1 : 1));
    return {
      kind: "routes",
      virtualHosts: [...this.#hosts.virtualHosts],
      unrouted: verdicts.flatMap(({ unrouted }) => unrouted ?? []),
      waiting: waitingByHost(verdicts),
      disputed: this.#hosts.disputed,
      quarantined: verdicts.flatMap(({ quarantined }) => quarantined ?? []),
      remarks: [...verdicts.flatMap(({ remarks }) => remarks), ...this.#hosts.remarks],
    };
  }

  /** When `expire` has something to do, on the clock of `apply`; undefined when nothing is kept. */
  get nextDeparture(): number | undefined {
    return this.#hosts.nextDeparture;
  }

  /** Lets go the hosts whose time of grace is over. */
  expire(now: number): Settled {
    return this.#hosts.expire(now);
  }

  /** Why there are no routes now. */
  get blocked(): string | undefined {
    return this.#reach.kind === "blocked" ? this.#reach.reason : undefined;
  }

  /** Takes a change over. While the networks of nginx are not known, nothing else changes. */
  apply({ upserted, gone }: InventoryChange, now = 0): RouteChange {
    for (const one of gone) this.#known.delete(keyOf(one));
    for (const one of upserted) this.#known.set(keyOf(one), one);
    const touched = this.#findReach([...gone, ...upserted]) ? this.#everything() : [...gone, ...upserted].map(keyOf);
    return this.#reach.kind === "blocked" ? NO_CHANGE : this.#judge(touched, this.#reach, now);
  }

  #judge(touched: readonly string[], reach: Reach, now: number): RouteChange {
    const hosts = new Set<HostName>();
    const verdicts = touched.map((key) => {
      const known = this.#known.get(key);
      const before = this.#verdicts.get(key);
      const after = known && judge(known, reach, this.#rules);
      if (after) this.#verdicts.set(key, after);
      else this.#verdicts.delete(key);
      for (const host of this.#hosts.claim(key, before, after)) hosts.add(host);
      return { before, after };
    });
    return { ...this.#hosts.settle(hosts, now), verdicts };
  }

  /** True when nginx's networks changed, so that every container must be looked at again. */
  #findReach(touched: readonly InventoryContainer[]): boolean {
    const { proxy } = this.#rules;
    if (proxy.kind === "host" || !touched.some((one) => this.#proxies.has(keyOf(one)) || isProxy(one, proxy)))
      return false;
    for (const key of touched.map(keyOf)) {
      const known = this.#known.get(key);
      if (known && isProxy(known, proxy)) this.#proxies.set(key, known);
      else this.#proxies.delete(key);
    }
    const before = JSON.stringify(this.#reach);
    this.#reach = findReach([...this.#proxies.values()], proxy);
    return JSON.stringify(this.#reach) !== before;
  }

  /** Those that are there, and those that were when the networks were last known. */
  #everything(): string[] {
    return [...new Set([...this.#known.keys(), ...this.#verdicts.keys()])];
  }
}

function waitingByHost(verdicts: readonly Evaluation[]): Map<HostName, Diagnostic[]> {
  const waiting = new Map<HostName, Diagnostic[]>();
  for (const { unrouted, routes } of verdicts) {
    for (const host of unrouted ? new Set(routes.map(({ claim }) => claim.host)) : []) {
      const same = waiting.get(host);
      if (same) same.push(unrouted!);
      else waiting.set(host, [unrouted!]);
    }
  }
  return waiting;
}

/** Same containers in any order, same routes: sorted, pure. A faulty container costs only itself. */
export function buildRoutes(known: readonly InventoryContainer[], rules: RouteRules): Routes | Blocked {
  const table = new RouteTable(rules);
  table.apply({ upserted: known, gone: [] });
  return table.wanted.kind === "blocked" ? table.wanted : table.routes;
}
