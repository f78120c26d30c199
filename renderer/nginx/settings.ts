import type { Nginx } from "../config/nginx-settings.ts";
import type { StatusPageSettings } from "../config/status-page.ts";
import type { HostOptions, PathOptions } from "../routes/options.ts";
import type { PortUse } from "../routes/contested-ports.ts";
import type { CertificateSet } from "./certificates/directory.ts";
import type { FileDirectory } from "./operator-files/directory.ts";
import type { OperatorHost } from "./operator-files/server-names.ts";

type ReplacedKey = "defaults" | "pathDefaults" | "files" | "defaultHost" | "resolvers" | "auth" | "upstreamTls";

/** How nginx is set up, apart from containers. The same object as long as nothing in it changes. */
export interface NginxSettings extends Partial<Readonly<Omit<Nginx, ReplacedKey>>> {
  /** The virtual host that also answers for unknown host names. */
  readonly defaultHost?: string | undefined;
  readonly resolvers?: readonly string[];
  /** Services that decide on requests, by name. */
  readonly auth?: Readonly<Record<string, AuthService>>;
  /** How certificates of apps are verified, by name. */
  readonly upstreamTls?: Readonly<Record<string, UpstreamTls>>;
  /** Port for HTTP, inside nginx's container. */
  readonly listen: number;
  readonly https?: HttpsSettings;
  /** Options of containers that do not set their own. */
  readonly defaults?: { readonly host: HostOptions; readonly path: PathOptions };
  readonly files?: FileSettings;
  /** The use of each port that virtual hosts request for both HTTP and HTTPS; `none` for the status page's port. */
  readonly contested?: ReadonlyMap<number, PortUse | "none">;
  /** Whether each service that decides on requests is available now. */
  readonly authStates?: ReadonlyMap<string, AuthState>;
  /** Host names that the operator has put under maintenance. */
  readonly maintenance?: ReadonlySet<string>;
  /** Rates that nginx does not count, because there are too many: paths with them are closed. */
  readonly excessRates?: readonly string[];
  /** The port for TLS by server name. */
  readonly streams?: { readonly sni?: number | undefined } | undefined;
  /** Undefined if this nginx does not serve the status page. */
  readonly statusPage?: StatusPageSettings | undefined;
}

/** A service that decides on each request of a path, as the operator defines it. */
export interface AuthService extends Omit<Nginx["auth"][string], "host"> {
  readonly host: string;
}

/** Whether a service is available, by which protocol, and how its certificate is verified: a name of `upstreamTls`. */
export type AuthState =
  | { readonly kind: "ready"; readonly protocol: "http" | "https"; readonly verified?: string | undefined }
  | { readonly kind: "missing"; readonly problem: string; readonly hint: string };

/** How the certificate of an app is verified. */
export interface UpstreamTls extends Omit<Nginx["upstreamTls"][string], "name"> {
  /** Name in the certificate; by default the virtual host. */
  readonly name?: string | undefined;
}

export interface HttpsSettings {
  /** Port for HTTPS, inside nginx's container. */
  readonly listen: number;
  /** The port that clients connect to. */
  readonly port: number;
  /** The certificate directory, as a path in nginx. */
  readonly directory: string;
  /** The directory that an ACME client writes its challenges to, as a path in nginx. */
  readonly challenges: string;
  /** Also serve challenges for unknown host names. */
  readonly challengesForUnknown?: boolean;
  /** `max-age` of Strict-Transport-Security in seconds; 0 disables it. */
  readonly hstsSeconds: number;
  readonly certificates: CertificateSet;
  /** Set if an ACME client gets certificates. `dns`: it validates names by DNS-01. */
  readonly acme?: { readonly dns: boolean } | undefined;
  /** HTTP/3 in addition to TLS over TCP. */
  readonly http3?: boolean;
}

/** The operator's files. */
export interface FileSettings {
  readonly vhosts?: FileDirectory;
  readonly passwords?: FileDirectory;
  readonly errors?: FileDirectory;
  /** The directory of the file that replaces the proxy directives; contains only that file. */
  readonly proxy?: FileDirectory;
  /** Hashes of the files in `upstreamTls`, by name. */
  readonly upstreamTlsHashes?: Readonly<Record<string, string>>;
  /** `http` directives in other files next to the destination, and parameters of `listen`: `listen 80 default_server`. */
  readonly siblingDirectives?: readonly string[];
  /** Host names of the operator's own servers in these files. */
  readonly siblingHosts?: readonly OperatorHost[];
}

const PRIVATE_NETWORKS = ["127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"];

/** Returns the networks (CIDR) that may request internal paths and debug endpoints. */
export function internalNetworksOf({ internalNetworks }: NginxSettings): readonly string[] {
  return internalNetworks ?? PRIVATE_NETWORKS;
}
