import type { NginxTargetConfig } from "../config/nginx-target.ts";
import type { Config } from "../config/schema.ts";
import type { InventoryContainer, InventoryChange } from "../inventory/inventory-change.ts";
import { defaultGateway } from "../inventory/default-gateway.ts";
import { ownContainer } from "../inventory/own-container.ts";
import { type Diagnostic, subjectOf } from "../routes/diagnostic.ts";
import { type IpAddress, parseAddress } from "../routes/grammar.ts";
import { HostOwners } from "../routes/host-owners.ts";
import { isProxy } from "../routes/reachable-networks.ts";
import { nameByRule } from "../routes/route-request.ts";
import type { ProxyRule } from "../routes/route-rules.ts";
import { type RouteChange, RouteTable } from "../routes/route-table.ts";
import type { SelectRule } from "../select/rule.ts";
import { type FilteredContainer, Selection, withoutRequests } from "../select/selection.ts";

/** The settings of a target that decide its routes. */
export type RoutedTarget = Pick<NginxTargetConfig, "containers" | "onlyExposed" | "routing" | "listen" | "https"> &
  Partial<Pick<NginxTargetConfig, "nginx" | "streams" | "context">>;

/** The renderer's own container and default gateway. */
interface OwnPlace {
  readonly ownId: string | undefined;
  readonly gateway: (preferIpv6: boolean) => string | undefined;
}

/** The routes of the containers that a target selects, updated by inventory changes. */
export class NginxRoutes {
  readonly table: RouteTable;
  readonly isProxy: (known: InventoryContainer) => boolean;
  /** Returns nginx's container without its requests; the same object for the same container. */
  readonly withoutRequests: (known: InventoryContainer) => InventoryContainer;
  /** Returns the host name that the operator's rule gives a container, if it does. */
  readonly nameByRule: (known: InventoryContainer) => string | undefined;
  readonly #selection: Selection | undefined;

  constructor(
    { containers, onlyExposed, routing, listen, https, nginx, streams, context }: RoutedTarget,
    { proxy, statusPage, agents = [] }: Pick<Config, "proxy"> & Partial<Pick<Config, "statusPage" | "agents">>,
    here: OwnPlace = { ownId: ownContainer(), gateway: defaultGateway },
    owners = new HostOwners({ leaseMs: routing.ownerLease }),
  ) {
    const rule = proxyRule(proxy, here.ownId);
    const rules = {
      proxy: rule,
      ownId: here.ownId,
      onlyExposed,
      streams,
      context,
      ...routingRules(routing, proxy, here),
      otherHosts: new Map(agents.flatMap(({ socket, address }) => (address === undefined ? [] : [[socket, address]]))),
      debugEndpoint: nginx?.defaults.debugEndpoint ?? false,
      isSticky: nginx?.pathDefaults.sticky === "cookie",
      defaultPorts: {
        plain: numbers(listen, nginx?.defaults.httpPort),
        tls: numbers(https?.listen, nginx?.defaults.httpsPort),
        page: statusPage?.listen,
      },
    };
    this.table = new RouteTable(rules, owners);
    this.nameByRule = (known) => (context === "stream" ? undefined : nameByRule(known, rules));
    this.isProxy = (known) => rule.kind !== "host" && isProxy(known, rule);
    const isOwn = ({ container: { id } }: InventoryContainer): boolean =>
      here.ownId !== undefined && id.startsWith(here.ownId);
    const isNginx = (known: InventoryContainer): boolean => this.isProxy(known) || isOwn(known);
    const proxyLabel = rule.kind === "label" ? rule.name : undefined;
    const views = new WeakMap<InventoryContainer, InventoryContainer>();
    this.withoutRequests = (known) => {
      const view = views.get(known) ?? withoutRequests(known, proxyLabel);
      views.set(known, view);
      return view;
    };
    this.#selection = containers && new Selection(selectsStopped(containers), isNginx, proxyLabel);
  }

  /** Applies a change. Returns the changed routes, and the containers that are filtered now. */
  apply(change: InventoryChange): RouteChange & { readonly filtered: readonly Diagnostic[] } {
    const now = performance.now();
    if (!this.#selection) return { ...this.table.apply(change, now), filtered: [] };
    const { filtered, ...selected } = this.#selection.apply(change);
    return { ...this.table.apply(selected, now), filtered: filtered.map(unselected) };
  }

  /** Removes containers at once, without the grace period of their hosts. */
  remove(gone: readonly InventoryContainer[]): RouteChange {
    return this.table.apply({ upserted: [], gone }, Number.POSITIVE_INFINITY);
  }

  /** All containers that the target's `containers` exclude. */
  get filtered(): readonly FilteredContainer[] {
    return this.#selection?.filtered ?? [];
  }
}

function unselected({ known, reason }: FilteredContainer): Diagnostic {
  return { ...subjectOf(known), code: "not.selected", reason };
}

/** Stopped containers keep their host names, and `onlyExposed` is a rule of the routes. */
function selectsStopped(containers: NonNullable<NginxTargetConfig["containers"]>): SelectRule {
  return { ...containers, onlyExposed: false, includeStopped: true };
}

function numbers(...some: readonly (number | undefined)[]): number[] {
  return some.filter((one) => one !== undefined);
}

function routingRules(routing: NginxTargetConfig["routing"], proxy: Config["proxy"], { gateway }: OwnPlace) {
  const {
    containersMay,
    hostAddress: configured = proxy === "self" ? "gateway" : undefined,
    grace,
    ownerLease,
    staleAfter: _,
    routes,
    ...rest
  } = routing;
  const hostAddress = configured === "gateway" ? addressOf(gateway(rest.preferIpv6)) : configured;
  return {
    ...rest,
    permissions: new Set(containersMay),
    ...(hostAddress !== undefined && { hostAddress }),
    graceMs: grace,
    ownerLeaseMs: ownerLease,
    staticRoutes: routes,
  };
}

function addressOf(text: string | undefined): IpAddress | undefined {
  const address = parseAddress(text ?? "");
  return address.kind === "ok" ? address.value : undefined;
}

function proxyRule(proxy: Config["proxy"], ownId: string | undefined): ProxyRule {
  if (proxy === "host") return { kind: "host" };
  if (proxy === "self") return { kind: "self", id: ownId };
  if ("container" in proxy) return { kind: "container", name: proxy.container };
  const equals = proxy.label.indexOf("=");
  if (equals < 0) return { kind: "label", name: proxy.label };
  return { kind: "label", name: proxy.label.slice(0, equals), value: proxy.label.slice(equals + 1) };
}
