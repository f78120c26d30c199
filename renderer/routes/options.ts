import { type HostName, invalid, ok, parseHosts, parsePort, type PortNumber } from "./grammar.ts";
import type { OptionRules } from "./option.ts";
import {
  type AcmeRequest,
  balance,
  type Balance,
  bytes,
  fileStem,
  integer,
  parseAcme,
  parseAuthority,
  parseBoolean,
  parseEmail,
  parseHsts,
  keepalive,
  networks,
  networksInBoth,
  oneOf,
  origins,
  plainPath,
  rate,
  seconds,
  serviceName,
  slower,
} from "./option-values.ts";
import { SSL_POLICIES } from "./ssl-policies.ts";

/** How a host with a certificate answers plain HTTP and TLS. */
export type HttpsMethod = "redirect" | "noredirect" | "nohttp" | "nohttps";

/** Options of a virtual host. Undefined options take the default from the configuration. */
export interface HostOptions {
  readonly httpsMethod?: HttpsMethod;
  /** Base name of the certificate's files. */
  readonly certificate?: string;
  /** Serve plain HTTP without a certificate, where `httpsMethod` would redirect. */
  readonly plainWithoutCertificate?: boolean;
  /** Use the certificate `default` for hosts without their own. */
  readonly defaultCertificate?: boolean;
  /** Strict-Transport-Security, or `off`. */
  readonly hsts?: string;
  readonly sslPolicy?: string;
  readonly verifyClient?: "on" | "off" | "optional" | "optional_no_ca";
  readonly http2?: boolean;
  readonly http3?: boolean;
  /** Status of the redirect to TLS for methods other than GET and HEAD. */
  readonly nonGetRedirect?: number;
  /** Where ACME challenges are served: over HTTP and TLS (`true`), over HTTP only (`legacy`), or not at all. */
  readonly challenge?: "true" | "false" | "legacy";
  readonly serverTokens?: "on" | "off" | "build";
  /** Document root in the file system of a FastCGI server. */
  readonly root?: string;
  readonly httpPort?: PortNumber;
  readonly httpsPort?: PortNumber;
  /** Serve /nginx-proxy-debug to internal networks. */
  readonly debugEndpoint?: boolean;
  /** Names that redirect to this host. */
  readonly redirectFrom?: readonly HostName[];
  /** Certificates to get from an ACME authority. */
  readonly acme?: AcmeRequest;
  /** Contact address for the account at the authority. */
  readonly acmeEmail?: string;
  /** Use the test service of Let's Encrypt, whose certificates no browser trusts. */
  readonly acmeTest?: boolean;
  /** The authority's directory (URL). */
  readonly acmeAuthority?: string;
}

/** Options of a path of a host. */
export interface PathOptions {
  readonly access?: "internal" | "external";
  readonly balance?: Balance;
  /** Idle connections kept open to the replicas. */
  readonly keepalive?: number | "auto";
  /** Seconds without data from the app after which nginx ends a request. */
  readonly timeout?: number;
  /** Maximum size of a request body, in bytes. */
  readonly bodySize?: number;
  /** Networks (CIDR) and addresses of the only clients that have access. */
  readonly allow?: readonly string[];
  /** The operator's password file, by name. */
  readonly passwords?: string;
  /** Whether a client needs both, an address of `allow` and a password, or one of them. */
  readonly satisfy?: "all" | "any";
  /** The operator's service that decides on each request, by name. */
  readonly auth?: string;
  /** Requests of one client: nginx's rate, such as `10r/s`. */
  readonly rate?: string;
  /** Requests above the rate that are served at once. */
  readonly rateBurst?: number;
  /** How the operator verifies apps with TLS, by name. */
  readonly upstreamTls?: string;
  /** Security headers that are added to responses without them. */
  readonly headers?: "strict" | "off";
  /** Origins whose pages may read responses; `*` for every one. */
  readonly cors?: readonly string[];
  /** Compress responses of text. */
  readonly compress?: boolean;
  /** When a request is sent to another replica: after a failed connection, also after an error status, or never. */
  readonly retry?: "connect" | "status" | "off";
  /** Replicas that are tried for one request. */
  readonly retryTries?: number;
  /** Whether a client stays with its replica, by a cookie. */
  readonly sticky?: "cookie" | "off";
}

/** Which containers with a health check receive requests: healthy ones, also starting ones, or all. */
export const HEALTH_RULES = ["required", "started", "ignored"] as const;
export type HealthRule = (typeof HEALTH_RULES)[number];

/** How nginx reaches a Swarm service: its tasks, its virtual address, or the tasks that its name in DNS has. */
const ENDPOINTS = ["tasks", "vip", "dns"] as const;
export type Endpoint = (typeof ENDPOINTS)[number];

/** Options of one replica. */
export interface ServerOptions {
  readonly health?: HealthRule;
  readonly weight?: number;
  /** Receives requests only while the other replicas fail. */
  readonly backup?: boolean;
  readonly maxFails?: number;
  /** Seconds. */
  readonly failTimeout?: number;
  /** Concurrent requests. */
  readonly maxConnections?: number;
  /** Whether it serves its hosts together with containers of other services, or on other ports. */
  readonly replica?: boolean;
  readonly endpoint?: Endpoint;
}

/** Largest `bodySize`, in bytes. */
const MAX_BODY = 16 * 1_073_741_824;

/** Longest `timeout`. */
const MAX_TIMEOUT_HOURS = 24;

export const HOST_OPTIONS: OptionRules<HostOptions> = {
  httpsMethod: {
    env: "HTTPS_METHOD",
    label: "https-method",
    parse: oneOf("redirect", "noredirect", "nohttp", "nohttps"),
  },
  certificate: { env: "CERT_NAME", label: "certificate", parse: fileStem },
  plainWithoutCertificate: {
    env: "ENABLE_HTTP_ON_MISSING_CERT",
    label: "plain-without-certificate",
    restricts: (value) => !value,
    parse: parseBoolean,
  },
  defaultCertificate: { label: "default-certificate", nginxProxyLabel: "trust-default-cert", parse: parseBoolean },
  hsts: { env: "HSTS", label: "hsts", needs: "hsts", parse: parseHsts },
  sslPolicy: {
    env: "SSL_POLICY",
    label: "ssl-policy",
    needs: "sslPolicy",
    parse: (raw) =>
      Object.hasOwn(SSL_POLICIES, raw) ? ok(raw) : invalid(`not one of ${Object.keys(SSL_POLICIES).join(", ")}`),
  },
  verifyClient: {
    label: "verify-client",
    nginxProxyLabel: "ssl_verify_client",
    needs: "clientCertificates",
    restricts: (value) => value === "on",
    parse: oneOf("on", "off", "optional", "optional_no_ca"),
  },
  http2: { label: "http2", nginxProxyLabel: "http2.enable", parse: parseBoolean },
  http3: { label: "http3", nginxProxyLabel: "http3.enable", parse: parseBoolean },
  nonGetRedirect: {
    label: "non-get-redirect",
    nginxProxyLabel: "non-get-redirect",
    parse: (raw) =>
      ["301", "302", "307", "308"].includes(raw) ? ok(Number(raw)) : invalid("not one of 301, 302, 307, 308"),
  },
  challenge: {
    env: "ACME_HTTP_CHALLENGE_LOCATION",
    label: "acme-challenge",
    parse: (raw) => {
      if (raw.toLowerCase() === "legacy") return ok("legacy");
      const boolean = parseBoolean(raw);
      return boolean.kind === "ok" ? ok(boolean.value ? "true" : "false") : invalid("not true, false or legacy");
    },
  },
  serverTokens: {
    env: "SERVER_TOKENS",
    label: "server-tokens",
    needs: "serverTokens",
    parse: oneOf("on", "off", "build"),
  },
  root: { env: "VIRTUAL_ROOT", label: "root", parse: plainPath },
  httpPort: { env: "EXTERNAL_HTTP_PORT", label: "http-port", needs: "ports", parse: parsePort },
  httpsPort: { env: "EXTERNAL_HTTPS_PORT", label: "https-port", needs: "ports", parse: parsePort },
  debugEndpoint: {
    label: "debug-endpoint",
    nginxProxyLabel: "debug-endpoint",
    needs: "debugEndpoint",
    parse: parseBoolean,
  },
  redirectFrom: { label: "redirect-from", isRequest: true, parse: parseHosts },
  acme: { env: "LETSENCRYPT_HOST", label: "acme", isRequest: true, parse: parseAcme },
  acmeEmail: { env: "LETSENCRYPT_EMAIL", label: "acme-email", isRequest: true, parse: parseEmail },
  acmeTest: { env: "LETSENCRYPT_TEST", label: "acme-test", parse: parseBoolean },
  // The agent's default policy withholds values of names that contain AUTH.
  acmeAuthority: { env: "ACME_CA_URI", label: "acme-ca", needs: "acmeAuthority", parse: parseAuthority },
};

export const PATH_OPTIONS: OptionRules<PathOptions> = {
  access: {
    env: "NETWORK_ACCESS",
    label: "network-access",
    restricts: (value) => value === "internal",
    parse: oneOf("internal", "external"),
  },
  balance: { label: "balance", nginxProxyLabel: "loadbalance", parse: balance },
  keepalive: { label: "keepalive", nginxProxyLabel: "keepalive", parse: keepalive },
  timeout: { label: "timeout", parse: seconds(MAX_TIMEOUT_HOURS) },
  bodySize: { label: "body-size", parse: bytes(MAX_BODY) },
  allow: { label: "allow", restricts: () => true, both: networksInBoth, parse: networks },
  passwords: { label: "passwords", restricts: () => true, parse: serviceName },
  satisfy: {
    label: "satisfy",
    needs: "satisfyAny",
    restricts: (value) => value === "all",
    parse: oneOf("all", "any"),
  },
  auth: { label: "auth", restricts: () => true, parse: serviceName },
  rate: { label: "rate", restricts: () => true, both: slower, parse: rate },
  rateBurst: { label: "rate-burst", parse: integer(0, 10_000) },
  upstreamTls: { label: "upstream-tls", restricts: () => true, parse: serviceName },
  headers: { label: "headers", parse: oneOf("strict", "off") },
  cors: { label: "cors", parse: origins },
  compress: { label: "compress", parse: parseBoolean },
  retry: { label: "retry", parse: oneOf("connect", "status", "off") },
  retryTries: { label: "retry-tries", parse: integer(1, 100) },
  sticky: { label: "sticky", parse: oneOf("cookie", "off") },
};

export const SERVER_OPTIONS: OptionRules<ServerOptions> = {
  health: { label: "health", parse: oneOf(...HEALTH_RULES) },
  weight: { label: "weight", parse: integer(1, 1_000) },
  backup: { label: "backup", parse: parseBoolean },
  maxFails: { label: "max-fails", parse: integer(0, 1_000) },
  failTimeout: { label: "fail-timeout", parse: seconds(1) },
  maxConnections: { label: "max-connections", parse: integer(1, 100_000) },
  replica: { label: "replica", parse: parseBoolean },
  endpoint: { label: "endpoint", parse: oneOf(...ENDPOINTS) },
};
