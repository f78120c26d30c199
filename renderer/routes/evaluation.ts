import type { InventoryContainer } from "../inventory/inventory-change.ts";
import { type Diagnostic, type DiagnosticSubject, subjectOf } from "./diagnostic.ts";
import type { HostOptions, PathOptions } from "./options.ts";
import type { ReachableNetworks } from "./reachable-networks.ts";
import type { RequestedRoute } from "./requested-route.ts";
import { parseRequest } from "./route-request.ts";
import type { RouteRules } from "./route-rules.ts";
import type { UpstreamServer } from "./routes.ts";
import { resolveServers } from "./upstream-server.ts";

/** A requested route with the address that serves it. */
export interface ResolvedRoute {
  readonly route: RequestedRoute;
  /** Undefined while the container cannot serve requests. Its hosts are kept. */
  readonly server?: UpstreamServer;
}

/** What one container contributes to the routes, and its diagnostics. */
export interface Evaluation {
  /** Sort key, unique per container and independent of the order of arrival. */
  readonly order: string;
  readonly subject: DiagnosticSubject;
  /** Its compose project. */
  readonly project?: string;
  /** Milliseconds since the epoch. Of containers that conflict, the oldest prevails. */
  readonly createdAt: number;
  readonly options: { readonly host: HostOptions; readonly path: PathOptions };
  readonly routes: readonly ResolvedRoute[];
  readonly unrouted?: Diagnostic;
  readonly quarantined?: Diagnostic;
  readonly remarks: readonly Diagnostic[];
}

/** Evaluates one container by itself (pure): nothing in it can change the evaluation of another. */
export function evaluate(one: InventoryContainer, networks: ReachableNetworks, rules: RouteRules): Evaluation {
  const { dockerHost, container } = one;
  const project = container.labels["com.docker.compose.project"];
  const base = {
    order: `${dockerHost}\n${container.name}\n${container.id}`,
    subject: subjectOf(one),
    ...(project !== undefined && { project }),
    createdAt: container.createdAt,
    options: { host: {}, path: {} },
    routes: [],
    remarks: [],
  };
  const parsed = parseRequest(one, rules);
  if (parsed.kind === "quarantined") return { ...base, quarantined: parsed.diagnostic };
  if (parsed.kind === "unrouted") return { ...base, unrouted: parsed.diagnostic };
  const { request } = parsed;
  const resolved = resolveServers(one, request, networks, rules);
  const options = { host: request.host, path: request.path };
  switch (resolved.kind) {
    case "absent":
      return { ...base, unrouted: resolved.diagnostic };
    case "waiting": {
      const routes = request.routes.map((route) => ({ route }));
      return { ...base, options, routes, unrouted: resolved.diagnostic, remarks: request.remarks };
    }
    case "resolved": {
      const routes = request.routes.map((route, index) => ({ route, server: resolved.servers[index]! }));
      return { ...base, options, routes, remarks: [...request.remarks, ...resolved.remarks] };
    }
  }
}

/** Returns the diagnostics of a container, each with its log event. */
export function eventsOf({ unrouted, quarantined, remarks }: Evaluation): [event: string, message: Diagnostic][] {
  return [
    ...(unrouted ? [["container.unrouted", unrouted] as [string, Diagnostic]] : []),
    ...(quarantined ? [["container.quarantined", quarantined] as [string, Diagnostic]] : []),
    ...remarks.map((message): [string, Diagnostic] => ["container.warned", message]),
  ];
}
