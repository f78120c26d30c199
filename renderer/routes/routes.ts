import type { Diagnostic } from "./diagnostic.ts";
import type { HttpsWish } from "./https-wish.ts";
import type { HostName } from "./grammar.ts";
import type { ProxyRule } from "./reach.ts";
import type { Server } from "./server.ts";

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
  readonly https: HttpsWish;
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
