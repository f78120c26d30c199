import type { Known } from "../inventory/known.ts";
import { readClaim, type Claim } from "./claim.ts";
import type { Diagnostic } from "./diagnostic.ts";
import type { HostName } from "./grammar.ts";
import { findReach, type ProxyRule, type Reach } from "./reach.ts";
import { placeServer, type Server } from "./server.ts";

/** What a virtual host does with one path. One path and one protocol so far. */
export interface PathRoute {
  readonly path: "/";
  readonly protocol: "http";
  /** The replicas. Empty: the host exists and nobody can answer for it now. */
  readonly servers: readonly Server[];
}

export interface VirtualHost {
  readonly host: HostName;
  readonly paths: readonly PathRoute[];
}

export interface Routes {
  readonly kind: "routes";
  readonly virtualHosts: readonly VirtualHost[];
  /** Left out for an ordinary reason. */
  readonly unrouted: readonly Diagnostic[];
  /** Set aside because of what it says; everyone else is served. */
  readonly quarantined: readonly Diagnostic[];
  /** Routed, but something it says was dropped or guessed. */
  readonly remarks: readonly Diagnostic[];
}

/** It is not known which networks nginx shares: publish nothing, what is live stays. */
export interface Hold {
  readonly kind: "hold";
  readonly reason: string;
}

export interface RouteRules {
  readonly proxy: ProxyRule;
  /** Leave out containers that expose no TCP port. */
  readonly onlyExposed: boolean;
}

/** The routes of an empty inventory: every request is answered 503. */
export const NO_ROUTES: Routes = { kind: "routes", virtualHosts: [], unrouted: [], quarantined: [], remarks: [] };

/** Same containers in any order, same routes: no clock, no I/O, sorted. A faulty container costs only itself. */
export function buildRoutes(known: readonly Known[], rules: RouteRules): Routes | Hold {
  const reach = findReach(known, rules.proxy);
  if (reach.kind === "unknown") return { kind: "hold", reason: reach.reason };
  const verdicts = known.toSorted(byName).map((one) => judge(one, reach, rules));
  return {
    kind: "routes",
    virtualHosts: joinHosts(verdicts.flatMap((verdict) => (verdict.claim ? [verdict] : []))),
    unrouted: verdicts.flatMap(({ unrouted }) => unrouted ?? []),
    quarantined: verdicts.flatMap(({ quarantined }) => quarantined ?? []),
    remarks: verdicts.flatMap(({ claim, remarks }) => [...(claim?.remarks ?? []), ...(remarks ?? [])]),
  };
}

interface Verdict {
  readonly claim?: Claim;
  readonly server?: Server;
  readonly unrouted?: Diagnostic;
  readonly quarantined?: Diagnostic;
  readonly remarks?: readonly Diagnostic[];
}

function judge(one: Known, reach: Reach, rules: RouteRules): Verdict {
  const read = readClaim(one);
  if (read.kind === "quarantined") return { quarantined: read.diagnostic };
  if (read.kind === "unrouted") return { unrouted: read.diagnostic };
  const placed = placeServer(one, read.claim, reach, rules.onlyExposed);
  switch (placed.kind) {
    case "absent":
      return { unrouted: placed.diagnostic };
    case "waiting":
      return { claim: read.claim, unrouted: placed.diagnostic };
    case "placed":
      return { claim: read.claim, server: placed.server, remarks: placed.remarks };
  }
}

function joinHosts(claims: readonly Verdict[]): VirtualHost[] {
  const servers = new Map<HostName, Map<string, Server>>();
  for (const { claim, server } of claims) {
    for (const host of claim!.hosts) {
      const replicas = servers.get(host) ?? new Map<string, Server>();
      servers.set(host, replicas);
      const endpoint = `${server?.address} ${server?.port}`;
      if (server && !replicas.has(endpoint)) replicas.set(endpoint, server);
    }
  }
  return [...servers]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([host, replicas]) => ({ host, paths: [{ path: "/", protocol: "http", servers: [...replicas.values()] }] }));
}

function byName(a: Known, b: Known): number {
  const [left, right] = [sortKey(a), sortKey(b)];
  return left < right ? -1 : Number(left > right);
}

function sortKey({ host, container }: Known): string {
  return `${host}\n${container.name}\n${container.id}`;
}
