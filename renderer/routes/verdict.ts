import type { InventoryContainer } from "../inventory/inventory-change.ts";
import { readClaim } from "./claim.ts";
import type { Diagnostic } from "./diagnostic.ts";
import type { HostOptions, PathOptions } from "./options.ts";
import type { Reach } from "./reach.ts";
import type { RouteClaim } from "./route-claim.ts";
import type { RouteRules } from "./routes.ts";
import { placeServer, type Server } from "./server.ts";

/** A route that a container asks for, and where it can be reached for it. */
export interface PlacedRoute {
  readonly claim: RouteClaim;
  /** Undefined while it cannot be sent requests; its hosts stay known. */
  readonly server?: Server;
}

/** What one container contributes to the routes, and what is to be said about it. */
export interface Evaluation {
  /** Where it stands among others: equal for no two containers, and never depends on the order of arrival. */
  readonly order: string;
  /** Who is spoken of. */
  readonly who: Pick<Diagnostic, "id" | "name" | "host">;
  /** Its compose project. */
  readonly project?: string;
  /** Milliseconds since the epoch: of containers that disagree the oldest is right. */
  readonly createdAt: number;
  readonly options: { readonly host: HostOptions; readonly path: PathOptions };
  readonly routes: readonly PlacedRoute[];
  readonly unrouted?: Diagnostic;
  readonly quarantined?: Diagnostic;
  readonly remarks: readonly Diagnostic[];
}

/** Pure: one container by itself. Nothing it says can change the verdict of another. */
export function judge(one: InventoryContainer, reach: Reach, rules: RouteRules): Evaluation {
  const { host, container } = one;
  const project = container.labels["com.docker.compose.project"];
  const place = {
    order: `${host}\n${container.name}\n${container.id}`,
    who: { id: container.id, name: container.name, host },
    ...(project !== undefined && { project }),
    createdAt: container.createdAt,
    options: { host: {}, path: {} },
    routes: [],
  };
  const read = readClaim(one, rules);
  if (read.kind === "quarantined") return { ...place, quarantined: read.diagnostic, remarks: [] };
  if (read.kind === "unrouted") return { ...place, unrouted: read.diagnostic, remarks: [] };
  const { claim } = read;
  const placed = placeServer(one, claim, reach, rules);
  const options = { host: claim.host, path: claim.path };
  switch (placed.kind) {
    case "absent":
      return { ...place, unrouted: placed.diagnostic, remarks: [] };
    case "waiting": {
      const routes = claim.routes.map((route) => ({ claim: route }));
      return { ...place, options, routes, unrouted: placed.diagnostic, remarks: claim.remarks };
    }
    case "placed": {
      const routes = claim.routes.map((route, index) => ({ claim: route, server: placed.servers[index]! }));
      return { ...place, options, routes, remarks: [...claim.remarks, ...placed.remarks] };
    }
  }
}

/** What is to be said of a container, each with the event that says it. */
export function findingsOf({ unrouted, quarantined, remarks }: Evaluation): [event: string, found: Diagnostic][] {
  return [
    ...(unrouted ? ([["container.unrouted", unrouted]] as const) : []),
    ...(quarantined ? ([["container.quarantined", quarantined]] as const) : []),
    ...remarks.map((found) => ["container.remark", found] as const),
  ].map(([event, found]) => [event, found]);
}
