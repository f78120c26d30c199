import type { HostName, IpAddress, PortNumber } from "./grammar.ts";
import type { Permission } from "./option.ts";
import type { HealthRule, HostOptions, PathOptions } from "./options.ts";
import type { PathMatch, PathText } from "./path-match.ts";
import type { Protocol } from "./option-values.ts";
import type { StreamProtocol } from "./stream-name.ts";

/** How to find nginx's container, and so the container addresses that nginx can reach. */
export type ProxyRule =
  /** The running container with this label; without `value`, whatever the label's value. */
  | { readonly kind: "label"; readonly name: string; readonly value?: string }
  | { readonly kind: "container"; readonly name: string }
  /** The renderer's own container, by the beginning of its id; undefined when the id is unknown. */
  | { readonly kind: "self"; readonly id: string | undefined }
  /** nginx runs on the Docker host itself: every container address is reachable. */
  | { readonly kind: "host" };

export interface Reservation {
  /** `example.com`: this name and all names below it. */
  readonly suffix: HostName;
  /** Compose projects. */
  readonly projects: readonly string[];
}

/** Ports that nginx listens on for hosts without ports of their own, and for the status page. */
export interface DefaultPorts {
  readonly plain: readonly number[];
  readonly tls: readonly number[];
  readonly page?: number | undefined;
}

/** Ports that the operator offers for streams. */
export interface StreamPorts {
  /** `5432/tcp`, `53/udp`. */
  readonly ports: readonly string[];
  /** The port for TLS by server name. */
  readonly sni?: number | undefined;
}

export const DEFAULT_MAX_ROUTES = 1_000;

/** How route requests of containers are parsed. */
export interface RequestRules {
  readonly permissions?: ReadonlySet<Permission>;
  readonly owners?: readonly Reservation[];
  readonly defaultPorts?: DefaultPorts;
  /** Host name of containers with `sallyport.enable` and without one of their own: see host-rule.ts. */
  readonly hostRule?: string | undefined;
  /** Host names, and paths of VIRTUAL_HOST_MULTIPORTS, that one container may request. */
  readonly maxRoutes?: number;
  /** Undefined: no target serves streams. */
  readonly streams?: StreamPorts | undefined;
  /** Streams are requested by other options than virtual hosts. */
  readonly context?: "http" | "stream" | undefined;
}

/** A route that the configuration defines, to an upstream outside of Docker. */
export interface StaticRoute {
  readonly host: HostName;
  readonly path: PathMatch;
  readonly protocol: Protocol | StreamProtocol;
  readonly destination?: PathText;
  readonly servers: readonly { readonly address: IpAddress; readonly port: PortNumber }[];
  readonly hostOptions: HostOptions;
  readonly pathOptions: PathOptions;
}

/** How containers become routes, from the configuration. */
export interface RouteRules extends RequestRules {
  readonly proxy: ProxyRule;
  /** The renderer's own container, by the beginning of its id; undefined when it is unknown. */
  readonly ownId?: string | undefined;
  /** Ignore containers that expose no TCP port. */
  readonly onlyExposed: boolean;
  /** Let containers of several owners serve one host. Otherwise it belongs to the owner that requested it first. */
  readonly sharedHosts?: boolean;
  /** Milliseconds for which a host stays with its owner after the owner's last container was seen. */
  readonly ownerLeaseMs?: number;
  /** Default for containers that do not set it. */
  readonly health?: HealthRule;
  /** Address at which nginx reaches containers that use the Docker host's network. */
  readonly hostAddress?: IpAddress;
  /** Addresses of other Docker hosts, by the socket of their agent. Their containers are reached by published ports. */
  readonly otherHosts?: ReadonlyMap<string, IpAddress>;
  /** Prefer the IPv6 address of a container that has both. */
  readonly preferIpv6?: boolean;
  /** Default for containers that do not set it: whether sessions are sticky. */
  readonly isSticky?: boolean;
  /** Milliseconds for which a host answers 503 after its last container is gone. */
  readonly graceMs?: number;
  /** Default for containers that do not set it. */
  readonly debugEndpoint?: boolean;
  readonly staticRoutes?: readonly StaticRoute[];
}
