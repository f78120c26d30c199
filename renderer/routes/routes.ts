import type { Diagnostic, DiagnosticCode } from "./diagnostic.ts";
import type { ContainerName, HostName, IpAddress, PortNumber, TasksName } from "./grammar.ts";
import type { Protocol } from "./option-values.ts";
import type { HostOptions, PathOptions, ServerOptions } from "./options.ts";
import type { PathMatch, PathText } from "./path-match.ts";
import type { StreamProtocol } from "./stream-name.ts";

export interface UpstreamServer extends Omit<ServerOptions, "health" | "replica" | "endpoint"> {
  readonly address: IpAddress | TasksName;
  readonly port: PortNumber;
  /** Of a Swarm service that nginx reaches as a whole, `service/NAME`. */
  readonly container: ContainerName;
  /** It is on another machine, so that connections to it may time out instead of being refused. */
  readonly isRemote?: boolean;
}

export interface PathRoute {
  readonly path: PathMatch;
  readonly protocol: Protocol | StreamProtocol;
  /** Replaces the path in requests to the app. */
  readonly destination?: PathText;
  readonly options: PathOptions;
  /** The path of a static route, whose options replace the operator's defaults. */
  readonly isOperators?: boolean;
  /** The replicas. Empty: the path exists, but no replica can serve it now. */
  readonly servers: readonly UpstreamServer[];
  /** Replicas that are stopping, for sticky sessions only. */
  readonly draining?: readonly UpstreamServer[];
  /** Options of its containers that would restrict access and cannot be applied: the path is closed. */
  readonly faults?: readonly ClosedReason[];
}

/** Why a path of a container is closed: `<option>: <what is wrong>; <what to do>`. */
export interface ClosedReason {
  readonly container: string;
  readonly reason: string;
}

/** One diagnostic as the debug endpoint shows it: without the container's own text. */
export interface HostDiagnostic {
  readonly container: string;
  readonly code: DiagnosticCode;
  readonly reason: string;
}

export interface VirtualHost {
  readonly host: HostName;
  /** Sorted by path; empty when the host only redirects. */
  readonly paths: readonly PathRoute[];
  readonly options: HostOptions;
  /** When its ports were first requested, in milliseconds since the epoch. */
  readonly portsSince?: number;
  readonly redirectTo?: HostName;
  /** Status of these redirects. Clients keep a permanent one even after the name has got another owner. */
  readonly redirectStatus?: 301 | 302;
  /** Diagnostics of its containers; present only when its debug endpoint is enabled. */
  readonly diagnostics?: readonly HostDiagnostic[];
}

/** The part of the routes that is published. */
export interface Published {
  readonly kind: "routes";
  /** Sorted by name. */
  readonly virtualHosts: readonly VirtualHost[];
  /** Names and patterns that have an owner and no virtual host: no other host may serve what they match. */
  readonly reserved?: readonly HostName[];
}

/** What is published, and the diagnostics of every container. */
export interface Routes extends Published {
  /** Containers that are not routed, for an ordinary reason. */
  readonly unrouted: readonly Diagnostic[];
  /** The unrouted containers that request a virtual host, by host: they are not ready to serve it. */
  readonly waiting?: ReadonlyMap<HostName, readonly Diagnostic[]>;
  /** The owner of each host name, also of names without a container and of nginx's container. */
  readonly owners?: ReadonlyMap<string, HostOwnership>;
  /** By host, settings that an older container overrides. */
  readonly disputed?: ReadonlyMap<HostName, readonly Diagnostic[]>;
  /** Containers whose route request is invalid. */
  readonly quarantined: readonly Diagnostic[];
  /** Settings of routed containers that were ignored or replaced by a default. */
  readonly remarks: readonly Diagnostic[];
}

export interface HostOwnership {
  readonly owner: string;
  /** When others may request the name, in milliseconds since the epoch; undefined while its owner has a container. */
  readonly until?: number | undefined;
}

/** nginx's networks are unknown: nothing is published, and the live configuration is kept. */
export interface Blocked {
  readonly kind: "blocked";
  readonly reason: string;
}
