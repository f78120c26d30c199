import { invalid, ok, type Parsed, parseHosts, parsePort } from "./grammar.ts";
import { option, type OptionValues } from "./option.ts";
import {
  balance,
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

/** Which containers with a health check receive requests: healthy ones, also starting ones, or all. */
export const HEALTH_RULES = ["required", "started", "ignored"] as const;
export type HealthRule = (typeof HEALTH_RULES)[number];

/** How nginx reaches a Swarm service: its tasks, its virtual address, or the tasks that its name in DNS has. */
const ENDPOINTS = ["tasks", "vip", "dns"] as const;

/** Largest `bodySize`, in bytes. */
const MAX_BODY = 16 * 1_073_741_824;

/** Longest `timeout`. */
const MAX_TIMEOUT_HOURS = 24;

export const HOST_OPTIONS = {
  httpsMethod: option(oneOf("redirect", "noredirect", "nohttp", "nohttps"), {
    env: "HTTPS_METHOD",
    label: "https-method",
  }),
  certificate: option(fileStem, { env: "CERT_NAME", label: "certificate" }),
  /** Serve plain HTTP without a certificate, where `httpsMethod` would redirect. */
  plainWithoutCertificate: option(parseBoolean, {
    env: "ENABLE_HTTP_ON_MISSING_CERT",
    label: "plain-without-certificate",
    restricts: (value) => !value,
  }),
  /** Use the certificate `default` for hosts without their own. */
  defaultCertificate: option(parseBoolean, { label: "default-certificate", nginxProxyLabel: "trust-default-cert" }),
  /** Strict-Transport-Security, or `off`. */
  hsts: option(parseHsts, { env: "HSTS", label: "hsts", needs: "hsts" }),
  sslPolicy: option(
    (raw) =>
      Object.hasOwn(SSL_POLICIES, raw) ? ok(raw) : invalid(`not one of ${Object.keys(SSL_POLICIES).join(", ")}`),
    { env: "SSL_POLICY", label: "ssl-policy", needs: "sslPolicy" },
  ),
  verifyClient: option(oneOf("on", "off", "optional", "optional_no_ca"), {
    label: "verify-client",
    nginxProxyLabel: "ssl_verify_client",
    needs: "clientCertificates",
    restricts: (value) => value === "on",
  }),
  http2: option(parseBoolean, { label: "http2", nginxProxyLabel: "http2.enable" }),
  http3: option(parseBoolean, { label: "http3", nginxProxyLabel: "http3.enable" }),
  nonGetRedirect: option(
    (raw) => (["301", "302", "307", "308"].includes(raw) ? ok(Number(raw)) : invalid("not one of 301, 302, 307, 308")),
    { label: "non-get-redirect", nginxProxyLabel: "non-get-redirect" },
  ),
  /** Where ACME challenges are served: over HTTP and TLS (`true`), over HTTP only (`legacy`), or not at all. */
  challenge: option(
    (raw): Parsed<"true" | "false" | "legacy"> => {
      if (raw.toLowerCase() === "legacy") return ok("legacy");
      const boolean = parseBoolean(raw);
      return boolean.kind === "ok" ? ok(boolean.value ? "true" : "false") : invalid("not true, false or legacy");
    },
    { env: "ACME_HTTP_CHALLENGE_LOCATION", label: "acme-challenge" },
  ),
  serverTokens: option(oneOf("on", "off", "build"), {
    env: "SERVER_TOKENS",
    label: "server-tokens",
    needs: "serverTokens",
  }),
  /** Document root in the file system of a FastCGI server. */
  root: option(plainPath, { env: "VIRTUAL_ROOT", label: "root" }),
  httpPort: option(parsePort, { env: "EXTERNAL_HTTP_PORT", label: "http-port", needs: "ports" }),
  httpsPort: option(parsePort, { env: "EXTERNAL_HTTPS_PORT", label: "https-port", needs: "ports" }),
  /** Serve /nginx-proxy-debug to internal networks. */
  debugEndpoint: option(parseBoolean, {
    label: "debug-endpoint",
    nginxProxyLabel: "debug-endpoint",
    needs: "debugEndpoint",
  }),
  redirectFrom: option(parseHosts, { label: "redirect-from", isRequest: true }),
  acme: option(parseAcme, { env: "LETSENCRYPT_HOST", label: "acme", isRequest: true }),
  acmeEmail: option(parseEmail, { env: "LETSENCRYPT_EMAIL", label: "acme-email", isRequest: true }),
  /** Use the test service of Let's Encrypt, whose certificates no browser trusts. */
  acmeTest: option(parseBoolean, { env: "LETSENCRYPT_TEST", label: "acme-test" }),
  // The agent's default policy withholds values of names that contain AUTH.
  acmeAuthority: option(parseAuthority, { env: "ACME_CA_URI", label: "acme-ca", needs: "acmeAuthority" }),
};

export const PATH_OPTIONS = {
  access: option(oneOf("internal", "external"), {
    env: "NETWORK_ACCESS",
    label: "network-access",
    restricts: (value) => value === "internal",
  }),
  balance: option(balance, { label: "balance", nginxProxyLabel: "loadbalance" }),
  /** Idle connections kept open to the replicas. */
  keepalive: option(keepalive, { label: "keepalive", nginxProxyLabel: "keepalive" }),
  /** Seconds without data from the app after which nginx ends a request. */
  timeout: option(seconds(MAX_TIMEOUT_HOURS), { label: "timeout" }),
  bodySize: option(bytes(MAX_BODY), { label: "body-size" }),
  /** Networks (CIDR) and addresses of the only clients that have access. */
  allow: option(networks, { label: "allow", restricts: () => true, both: networksInBoth }),
  passwords: option(serviceName, { label: "passwords", restricts: () => true }),
  /** Whether a client needs both, an address of `allow` and a password, or one of them. */
  satisfy: option(oneOf("all", "any"), {
    label: "satisfy",
    needs: "satisfyAny",
    restricts: (value) => value === "all",
  }),
  /** The operator's service that decides on each request, by name. */
  auth: option(serviceName, { label: "auth", restricts: () => true }),
  /** Requests of one client: nginx's rate, such as `10r/s`. */
  rate: option(rate, { label: "rate", restricts: () => true, both: slower }),
  /** Requests above the rate that are served at once. */
  rateBurst: option(integer(0, 10_000), { label: "rate-burst" }),
  /** How the operator verifies apps with TLS, by name. */
  upstreamTls: option(serviceName, { label: "upstream-tls", restricts: () => true }),
  /** Security headers that are added to responses without them. */
  headers: option(oneOf("strict", "off"), { label: "headers" }),
  /** Origins whose pages may read responses; `*` for every one. */
  cors: option(origins, { label: "cors" }),
  compress: option(parseBoolean, { label: "compress" }),
  /** When a request is sent to another replica: after a failed connection, also after an error status, or never. */
  retry: option(oneOf("connect", "status", "off"), { label: "retry" }),
  retryTries: option(integer(1, 100), { label: "retry-tries" }),
  /** Whether a client stays with its replica, by a cookie. */
  sticky: option(oneOf("cookie", "off"), { label: "sticky" }),
};

export const SERVER_OPTIONS = {
  health: option(oneOf(...HEALTH_RULES), { label: "health" }),
  weight: option(integer(1, 1_000), { label: "weight" }),
  /** Receives requests only while the other replicas fail. */
  backup: option(parseBoolean, { label: "backup" }),
  maxFails: option(integer(0, 1_000), { label: "max-fails" }),
  /** Seconds. */
  failTimeout: option(seconds(1), { label: "fail-timeout" }),
  maxConnections: option(integer(1, 100_000), { label: "max-connections" }),
  /** Whether it serves its hosts together with containers of other services, or on other ports. */
  replica: option(parseBoolean, { label: "replica" }),
  endpoint: option(oneOf(...ENDPOINTS), { label: "endpoint" }),
};

/** Options of a virtual host. Undefined options take the default from the configuration. */
export type HostOptions = OptionValues<typeof HOST_OPTIONS>;

/** Options of a path of a host. */
export type PathOptions = OptionValues<typeof PATH_OPTIONS>;

/** Options of one replica. */
export type ServerOptions = OptionValues<typeof SERVER_OPTIONS>;
