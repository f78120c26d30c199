import type { CertificateSet } from "./certificates/directory.ts";
import type { OperatorFiles } from "./operator-files/operator-files.ts";
import type { StatusPageSettings } from "../config/status-page.ts";
import type { HostOptions, PathOptions } from "../routes/options.ts";
import type { PortUse } from "../routes/port-owner.ts";

/** How nginx is set up, apart from what containers say. The same object as long as nothing in it changes. */
export interface NginxSettings {
  /** Port for plain HTTP, inside nginx's container. */
  readonly listen: number;
  readonly https?: HttpsSettings;
  /** nginx's own version, such as 1.26; undefined where nobody says it: then what all versions take is printed. */
  readonly version?: string;
  /** What is meant where containers say nothing. */
  readonly defaults?: { readonly host: HostOptions; readonly path: PathOptions };
  readonly ipv6?: boolean;
  /** Clients come through a load balancer that speaks the PROXY protocol. */
  readonly proxyProtocol?: boolean;
  /** Addresses (CIDR) of proxies before nginx whose word about the client counts. */
  readonly trustedProxies?: readonly string[];
  /** Addresses (CIDR) that may reach paths with `NETWORK_ACCESS=internal`. */
  readonly internalNetworks?: readonly string[];
  /** The host that answers for names nobody claims. */
  readonly defaultHost?: string;
  /** Status for paths of a host that nobody claims. */
  readonly unclaimedPath?: number;
  readonly resolvers?: readonly string[];
  readonly accessLog?: AccessLog;
  readonly files?: FileSettings;
  /** Ports that some hosts want for plain HTTP and others for TLS, each with what it is for; the status page's is nobody's. */
  readonly contested?: ReadonlyMap<number, PortUse | "nobody">;
  /** Undefined where another target's nginx serves the page, or none. */
  readonly statusPage?: StatusPageSettings | undefined;
}

export interface HttpsSettings {
  /** Port for TLS, inside nginx's container. */
  readonly listen: number;
  /** The port that clients know it by. */
  readonly port: number;
  /** Where nginx finds the certificates' files. */
  readonly directory: string;
  /** Where nginx finds what an ACME client lays out for its authority. */
  readonly challenges: string;
  /** Whether names that nobody claims are answered from there, too. */
  readonly challengesForUnknown?: boolean;
  /** Seconds for which browsers are told to come by TLS only; 0 says nothing. */
  readonly hstsSeconds: number;
  readonly certificates: CertificateSet;
  /** HTTP/3 beside TLS over TCP. */
  readonly http3?: boolean;
}

/** The log of requests. `off` writes none. */
export type AccessLog = "off" | { readonly file: string; readonly format: "vhost" | "json" | OwnLogFormat };

/** A line with nginx's variables; printable ASCII and tabs. */
export interface OwnLogFormat {
  readonly text: string;
  readonly escape: "default" | "json" | "none";
}

/** Directories of the operator's files, as nginx sees them, and what is in them. */
export interface FileSettings {
  readonly vhosts?: FileDirectory;
  readonly passwords?: FileDirectory;
  readonly errors?: FileDirectory;
  /** The directory of the file in place of the lines for every app; only that file is looked at. */
  readonly proxy?: FileDirectory;
  /** Directives that files beside the destination say for all hosts. */
  readonly given?: readonly string[];
}

export interface FileDirectory {
  readonly directory: string;
  readonly files: OperatorFiles;
}
