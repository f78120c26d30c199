import type { InventoryContainer } from "../inventory/inventory-change.ts";
import { type Diagnostic, type DiagnosticSubject, subjectOf } from "./diagnostic.ts";
import type { HostOptions, PathOptions } from "./options.ts";
import type { PortNumber } from "./grammar.ts";
import { ownerOf, serviceOf } from "./owner.ts";
import type { ReachableNetworks } from "./reachable-networks.ts";
import type { RequestedRoute } from "./requested-route.ts";
import { parseRequest } from "./route-request.ts";
import type { RouteRules } from "./route-rules.ts";
import type { UpstreamServer } from "./routes.ts";
import { portsOf } from "./upstream-port.ts";
import { endpointRemarks, resolveServers } from "./upstream-server.ts";

/** A requested route with the address that serves it. */
export interface ResolvedRoute {
  readonly route: RequestedRoute;
  /** The port of the container, also while it cannot serve requests. */
  readonly port: PortNumber;
  /** Whether the port is probably not that of a web server: a database's, or one that the container does not expose. */
  readonly isDoubtful: boolean;
  /** Undefined while the container cannot serve requests. Its hosts are kept. */
  readonly server?: UpstreamServer;
  /** Set while the container is stopping, if sessions are sticky. */
  readonly draining?: UpstreamServer;
}

/** What one container contributes to the routes, and its diagnostics. */
export interface Evaluation {
  /** Sort key, unique per container and independent of the order of arrival. */
  readonly order: string;
  readonly subject: DiagnosticSubject;
  /** The owner of the hosts that it requests first. */
  readonly owner: string;
  /** The service whose containers are replicas of each other. */
  readonly service: string;
  /** Whether a label makes it a replica, for any service and port. */
  readonly isReplica: boolean;
  /** Milliseconds since the epoch. Of containers that conflict, the oldest prevails. */
  readonly createdAt: number;
  readonly options: { readonly host: HostOptions; readonly path: PathOptions };
  readonly routes: readonly ResolvedRoute[];
  /** It is stopped: its hosts stay with their owner, but it decides nothing about them while another container can. */
  readonly isStopped?: boolean;
  readonly unrouted?: Diagnostic;
  readonly quarantined?: Diagnostic;
  readonly remarks: readonly Diagnostic[];
  /** Options that would restrict access and cannot be applied: its paths are closed. */
  readonly faults?: readonly Diagnostic[];
}

/** Evaluates one container by itself (pure): nothing in it can change the evaluation of another. */
export function evaluate(
  one: InventoryContainer,
  networks: ReachableNetworks,
  rules: RouteRules,
  isAgentAbsent = false,
): Evaluation {
  const { dockerHost, container } = one;
  const base = {
    order: `${dockerHost}\n${container.name}\n${container.id}`,
    subject: subjectOf(one),
    owner: ownerOf(one),
    service: serviceOf(one),
    isReplica: false,
    createdAt: container.createdAt,
    options: { host: {}, path: {} },
    routes: [],
    remarks: [],
  };
  const parsed = parseRequest(one, rules);
  if (parsed.kind === "quarantined") return { ...base, quarantined: parsed.diagnostic };
  if (parsed.kind === "unrouted") return { ...base, unrouted: parsed.diagnostic };
  const { request } = parsed;
  const { ports, remarks: guessed } = portsOf(one, request);
  const resolved = resolveServers(one, { ...request, ports }, networks, rules, isAgentAbsent);
  const requested = request.routes.map((route, index) => ({ route, ...ports[index]! }));
  const isReplica = request.server.replica === true;
  const options = { host: request.host, path: request.path };
  const closed = request.faults.length > 0 && { faults: request.faults };
  switch (resolved.kind) {
    case "absent":
      return { ...base, unrouted: { ...resolved.diagnostic, hosts: hostsOf(request.routes) } };
    case "waiting": {
      const { isStopped, diagnostic: unrouted, draining = [] } = resolved;
      return {
        ...base,
        isReplica,
        options,
        routes: requested.map((route, index) => ({ ...route, ...(draining[index] && { draining: draining[index] }) })),
        unrouted,
        remarks: request.remarks,
        ...(isStopped && { isStopped }),
        ...closed,
      };
    }
    case "resolved": {
      const routes = requested.map((route, index) => ({ ...route, server: resolved.servers[index]! }));
      return {
        ...base,
        isReplica,
        options,
        routes,
        remarks: [...request.remarks, ...guessed, ...endpointRemarks(one, request)],
        ...closed,
      };
    }
  }
}

function hostsOf(routes: readonly RequestedRoute[]): string[] {
  return [...new Set(routes.map(({ host }) => host))];
}

/** Returns the diagnostics of a container, each with its log event. */
export function eventsOf({
  unrouted,
  quarantined,
  remarks,
  faults = [],
}: Evaluation): [event: string, message: Diagnostic][] {
  return [
    // Most containers request no stream.
    ...(unrouted && unrouted.code !== "stream.none" ? [["container.unrouted", unrouted] as [string, Diagnostic]] : []),
    ...(quarantined ? [["container.quarantined", quarantined] as [string, Diagnostic]] : []),
    ...[...faults, ...remarks].map((message): [string, Diagnostic] => ["container.warned", message]),
  ];
}

/** Returns whether a container no longer has an address at which it was served, so that another container may get it. */
export function losesAddress({ before, after }: Readonly<Record<"before" | "after", Evaluation | undefined>>): boolean {
  const addresses = (one: Evaluation | undefined) =>
    one?.routes.flatMap(({ server, draining }) => (server ?? draining)?.address ?? []) ?? [];
  const now = addresses(after);
  return after?.unrouted?.code !== "health" && addresses(before).some((address) => !now.includes(address));
}
