import type { Log } from "../../shared/log.ts";
import type { NginxTargetConfig } from "../config/nginx-target.ts";
import type { Config } from "../config/schema.ts";
import { keyOf, type InventoryChange, type InventoryContainer } from "../inventory/inventory-change.ts";
import { logRouteChange } from "../routes/log-changes.ts";
import { requestsRoute } from "../routes/route-request.ts";
import type { Blocked, Published } from "../routes/routes.ts";
import { NginxRoutes } from "./nginx-routes.ts";
import { NginxTarget } from "./nginx-target.ts";
import type { NginxTemplate } from "./nginx-template.ts";
import type { Rendered, Target, UnitDescription } from "./target.ts";

/** An nginx target that is published together with others: a container that any of them rejects is quarantined from all. */
export class NginxContainerTarget extends NginxTarget implements Target<InventoryContainer> {
  /** All containers of the target. nginx is always included, because its networks decide what is reachable. */
  readonly #containers = new Map<string, InventoryContainer>();
  /** The containers that the routes are made of now. */
  readonly #routed = new Map<string, InventoryContainer>();
  readonly #emptyRoutes: () => NginxRoutes;

  constructor(target: NginxTargetConfig, template: NginxTemplate, config: Config, log: Log) {
    super(target, template, config, log);
    this.#emptyRoutes = () => {
      const routes = new NginxRoutes(target, config, undefined, this.owners.owners.copy());
      routes.table.setOperatorHosts(this.operatorHosts, 0);
      return routes;
    };
  }

  override apply(change: InventoryChange, isComplete: boolean): boolean | "urgent" {
    for (const one of change.gone) for (const map of [this.#containers, this.#routed]) map.delete(keyOf(one));
    for (const one of change.upserted) for (const map of [this.#containers, this.#routed]) map.set(keyOf(one), one);
    return super.apply(change, isComplete);
  }

  units(): readonly InventoryContainer[] | Blocked | undefined {
    const { wanted } = this;
    return wanted?.kind === "routes" ? this.#others([...this.#containers.values()]) : wanted;
  }

  async render(
    containers: readonly InventoryContainer[],
    purpose: "revision" | "trial",
  ): Promise<Rendered<InventoryContainer>> {
    if (purpose === "revision") this.#route(containers);
    const wanted = purpose === "revision" ? this.wanted : this.#routesOf(containers);
    if (wanted?.kind === "routes") return await this.print(wanted.virtualHosts);
    return { kind: "failed", error: wanted?.reason ?? "not every agent has reported its containers" };
  }

  published(): void {
    const { virtualHosts, owners } = this.routes.table.routes;
    this.acme?.published(virtualHosts, owners);
  }

  readonly keyOf = keyOf;

  describe({ container: { id, name }, dockerHost }: InventoryContainer): UnitDescription {
    return { id, name, dockerHost };
  }

  isSuspect(): boolean {
    return false;
  }

  /** Routes these containers and no others; a container that is quarantined now has no grace period. */
  #route(containers: readonly InventoryContainer[]): void {
    const wanted = new Map(this.#withProxies(containers).map((one) => [keyOf(one), one]));
    const upserted = [...wanted].flatMap(([key, one]) => (this.#routed.get(key) === one ? [] : [one]));
    const gone = [...this.#routed].flatMap(([key, one]) => (wanted.has(key) ? [] : [one]));
    if (upserted.length === 0 && gone.length === 0) return;
    for (const one of gone) this.#routed.delete(keyOf(one));
    for (const one of upserted) this.#routed.set(keyOf(one), one);
    logRouteChange(this.routes.remove(gone), this.log);
    logRouteChange(this.routes.apply({ upserted, gone: [] }), this.log);
  }

  #routesOf(containers: readonly InventoryContainer[]): Published | Blocked {
    // Without any container nothing needs to be reachable.
    if (containers.length === 0) return { kind: "routes", virtualHosts: [] };
    const routes = this.#emptyRoutes();
    routes.apply({ upserted: this.#withProxies(containers), gone: [] });
    return routes.table.wanted;
  }

  /** Adds nginx's container, without its requests if it is not among the containers. */
  #withProxies(containers: readonly InventoryContainer[]): readonly InventoryContainer[] {
    const present = new Set(containers);
    const proxies = [...this.#containers.values()].filter((one) => this.routes.isProxy(one) && !present.has(one));
    return [...containers, ...proxies.map((one) => this.routes.withoutRequests(one))];
  }

  /** nginx is a unit only if it requests a route. */
  #others(containers: readonly InventoryContainer[]): readonly InventoryContainer[] {
    return containers.filter((one) => !this.routes.isProxy(one) || requestsRoute(one));
  }
}
