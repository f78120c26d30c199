import type { Diagnostic } from "./diagnostic.ts";
import type { HostName } from "./grammar.ts";
import { findingsFor } from "./host-findings.ts";
import { joinOptions } from "./option.ts";
import { HOST_OPTIONS, type HostOptions, PATH_OPTIONS } from "./options.ts";
import { pathKey } from "./path-match.ts";
import type { PathRoute, VirtualHost } from "./routes.ts";
import type { Server } from "./server.ts";
import type { PlacedRoute, Evaluation } from "./verdict.ts";

export interface JoinedHost {
  readonly virtualHost: VirtualHost;
  /** What of their claims does not count because an older container says otherwise. */
  readonly remarks: readonly Diagnostic[];
}

/** One container's claim to the host that is looked at. */
interface Claimant {
  readonly verdict: Evaluation;
  readonly routes: readonly PlacedRoute[];
}

/**
 * Pure: a virtual host of all that claim it; the order they are given in does not matter. Where they disagree the
 * oldest is right, and the others are told.
 */
export function joinHost(
  host: HostName,
  verdicts: readonly Evaluation[],
  { sharedHosts, debugEndpoint = false }: { readonly sharedHosts: boolean; readonly debugEndpoint?: boolean },
): JoinedHost {
  const byAge = verdicts.toSorted((a, b) => compare(a.createdAt, b.createdAt) || compare(a.order, b.order));
  const all = byAge.map((verdict) => ({ verdict, routes: routesFor(host, verdict) }));
  const serving = all.filter(({ routes }) => routes.length > 0);
  if (serving.length === 0) return redirected(host, byAge);
  const { kept, remarks } = sharedHosts ? { kept: serving, remarks: [] } : ofFirstOwner(host, serving);
  const options = joinOptions(
    kept.map(({ verdict, routes }) => ({ who: verdict.who, values: { ...verdict.options.host, ...portsOf(routes) } })),
    HOST_OPTIONS,
  );
  const paths = groupByPath(kept).map((claimants) => joinPath(claimants));
  const said = [...remarks, ...options.remarks, ...paths.flatMap((path) => path.remarks)];
  const virtualHost = {
    host,
    paths: paths.map(({ path }) => path),
    options: options.values,
    ...sinceOf(options.values, portsSince(kept)),
  };
  const isTold = options.values.debugEndpoint ?? debugEndpoint;
  return {
    virtualHost: isTold ? { ...virtualHost, findings: findingsFor(byAge, said) } : virtualHost,
    remarks: said,
  };
}

function routesFor(host: HostName, { routes }: Evaluation): PlacedRoute[] {
  return routes.filter(({ claim }) => claim.host === host);
}

/** Nobody serves this name, but somebody wants its requests. */
function redirected(host: HostName, byAge: readonly Evaluation[]): JoinedHost {
  const [first, ...others] = byAge;
  const redirectTo = first!.routes[0]!.claim.host;
  const { redirectFrom: _, ...options } = first!.options.host;
  const remarks = others
    .filter(({ routes }) => routes[0]!.claim.host !== redirectTo)
    .map(({ who }) =>
      conflict(who, "host.conflict", `${host} redirects to ${redirectTo}: ${first!.who.name} is older`),
    );
  return { virtualHost: { host, paths: [], options, redirectTo }, remarks };
}

/** A name belongs to the compose project whose container is the oldest; containers without one belong together. */
function ofFirstOwner(host: HostName, byAge: readonly Claimant[]): { kept: Claimant[]; remarks: Diagnostic[] } {
  const owner = byAge[0]!.verdict;
  const isOwners = ({ verdict }: Claimant): boolean =>
    verdict.project === owner.project || verdict.createdAt === Number.NEGATIVE_INFINITY;
  const whose = owner.project === undefined ? owner.who.name : `project ${owner.project}`;
  const remarks = byAge
    .filter((one) => !isOwners(one))
    .map(({ verdict: { who } }) => {
      const mend = "`sharedHosts: true` lets projects share names, `owners` says whose they are";
      return conflict(who, "host.conflict", `${host} belongs to ${whose}, which claimed it first (${mend})`);
    });
  return { kept: byAge.filter(isOwners), remarks };
}

function sinceOf({ httpPort, httpsPort }: HostOptions, since: number): { readonly portsSince?: number } {
  return (httpPort ?? httpsPort) === undefined ? {} : { portsSince: since };
}

/** The first that wants a port decides; give them oldest first. */
function portsSince(byAge: readonly Claimant[]): number {
  const wishing = byAge.find(({ verdict: { options }, routes }) => {
    const { httpPort, httpsPort } = { ...options.host, ...portsOf(routes) };
    return (httpPort ?? httpsPort) !== undefined;
  });
  return wishing?.verdict.createdAt ?? 0;
}

function portsOf(routes: readonly PlacedRoute[]): NonNullable<PlacedRoute["claim"]["ports"]> {
  return routes.find(({ claim }) => claim.ports !== undefined)?.claim.ports ?? {};
}

function groupByPath(claimants: readonly Claimant[]): (readonly [key: string, claimants: Claimant[]])[] {
  const groups = new Map<string, Claimant[]>();
  for (const { verdict, routes } of claimants) {
    for (const route of routes) {
      const key = pathKey(route.claim.path);
      groups.set(key, [...(groups.get(key) ?? []), { verdict, routes: [route] }]);
    }
  }
  return [...groups].toSorted(([a], [b]) => compare(a, b));
}

/** The replicas of one path; the oldest says what is spoken, and who speaks otherwise is left out. */
function joinPath([key, claimants]: readonly [key: string, claimants: Claimant[]]): {
  path: PathRoute;
  remarks: readonly Diagnostic[];
} {
  const { verdict: first, routes } = claimants[0]!;
  const { path, protocol, destination } = routes[0]!.claim;
  const agrees = ({ routes: [route] }: Claimant): boolean =>
    route!.claim.protocol === protocol && route!.claim.destination === destination;
  const alike = claimants.filter(agrees);
  const options = joinOptions(
    alike.map(({ verdict }) => ({ who: verdict.who, values: verdict.options.path })),
    PATH_OPTIONS,
  );
  const others = claimants
    .filter((one) => !agrees(one))
    .map(({ verdict: { who } }) => {
      const said = destination === undefined ? protocol : `${protocol} to ${destination}`;
      return conflict(
        who,
        "protocol.conflict",
        `${key} of this host is ${said}: ${first.who.name}, which is older, says so`,
      );
    });
  return {
    path: {
      path,
      protocol,
      ...(destination !== undefined && { destination }),
      options: options.values,
      servers: replicasOf(alike),
    },
    remarks: [...options.remarks, ...others],
  };
}

function replicasOf(claimants: readonly Claimant[]): Server[] {
  const replicas = new Map<string, Server>();
  for (const { routes } of claimants.toSorted((a, b) => compare(a.verdict.order, b.verdict.order))) {
    for (const { server } of routes) {
      const endpoint = `${server?.address} ${server?.port}`;
      if (server && !replicas.has(endpoint)) replicas.set(endpoint, server);
    }
  }
  return [...replicas.values()];
}

function conflict(who: Evaluation["who"], reason: "host.conflict" | "protocol.conflict", detail: string): Diagnostic {
  return { ...who, reason, detail };
}

function compare<T extends string | number>(a: T, b: T): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
