import type { Diagnostic } from "./diagnostic.ts";
import type { HostName, IpAddress } from "./grammar.ts";
import type { HostFinding } from "./host-findings.ts";
import type { HealthRule, HostOptions, PathOptions } from "./options.ts";
import type { PathMatch, PathText } from "./path-match.ts";
import type { ProxyRule } from "./reach.ts";
import type { ClaimRules, Protocol } from "./route-claim.ts";
import type { Server } from "./server.ts";
import type { StaticRoute } from "./static-routes.ts";

/** What a virtual host does with one path. */
export interface PathRoute {
  readonly path: PathMatch;
  readonly protocol: Protocol;
  /** What the path is replaced with on the way to the app. */
  readonly destination?: PathText;
  readonly options: PathOptions;
  /** The replicas. Empty: the path exists and nobody can answer for it now. */
  readonly servers: readonly Server[];
}

export interface VirtualHost {
  readonly host: HostName;
  /** Sorted by path; none when the host only redirects. */
  readonly paths: readonly PathRoute[];
  readonly options: HostOptions;
  /** Since when it has wanted ports of its own, in milliseconds since the epoch. */
  readonly portsSince?: number;
  /** Its requests are sent on to this host. */
  readonly redirectTo?: HostName;
  /** What is to be said of those that claim it: only where its debug endpoint tells it. */
  readonly findings?: readonly HostFinding[];
}

/** What is published. */
export interface Published {
  readonly kind: "routes";
  /** Sorted by name. */
  readonly virtualHosts: readonly VirtualHost[];
}

/** What is published, and what is to be said about the rest. */
export interface Routes extends Published {
  /** Left out for an ordinary reason. */
  readonly unrouted: readonly Diagnostic[];
  /** Of those left out, by host, the ones that claim it and cannot be sent requests now. */
  readonly waiting?: ReadonlyMap<HostName, readonly Diagnostic[]>;
  /** By host, the containers whose word on it does not count, because an older one says otherwise. */
  readonly disputed?: ReadonlyMap<HostName, readonly Diagnostic[]>;
  /** Set aside because of what it says; everyone else is served. */
  readonly quarantined: readonly Diagnostic[];
  /** Routed, but something it says was dropped or guessed. */
  readonly remarks: readonly Diagnostic[];
}

/** It is not known which networks nginx shares: publish nothing, what is live stays. */
export interface Blocked {
  readonly kind: "blocked";
  readonly reason: string;
}

/** How containers become routes: the operator's words. */
export interface RouteRules extends ClaimRules {
  readonly proxy: ProxyRule;
  /** Leave out containers that expose no TCP port. */
  readonly onlyExposed: boolean;
  /** Containers of several compose projects may stand behind one path; else it is the project's that was first. */
  readonly sharedHosts?: boolean;
  /** Of containers that say nothing of it. */
  readonly health?: HealthRule;
  /** Where nginx reaches containers that use the Docker host's own network. */
  readonly hostAddress?: IpAddress;
  /** Of a container with both, its IPv6 address is used. */
  readonly preferIpv6?: boolean;
  /** Milliseconds for which a host answers 503 after the last container that claims it went away. */
  readonly graceMs?: number;
  /** Hosts tell what is known of them, unless their containers say otherwise. */
  readonly debugEndpoint?: boolean;
  /** Routes that no container asks for. */
  readonly staticRoutes?: readonly StaticRoute[];
}

/** The routes of an empty inventory: every request is answered 503. */
export const NO_ROUTES: Routes = { kind: "routes", virtualHosts: [], unrouted: [], quarantined: [], remarks: [] };
