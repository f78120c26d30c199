import { type HostName, parseHosts, parsePort, type PortNumber } from "./grammar.ts";
import type { OptionRules } from "./option.ts";
import {
  balance,
  type Balance,
  bytes,
  fileStem,
  hsts,
  keepalive,
  oneOf,
  plainPath,
  seconds,
  truth,
  whole,
} from "./option-values.ts";
import { SSL_POLICIES } from "./ssl-policies.ts";

/** What a host does with plain HTTP and with TLS once it has a certificate. */
export type HttpsMethod = "redirect" | "noredirect" | "nohttp" | "nohttps";

/** What containers ask for, for a virtual host. Undefined where nobody says anything: then the operator's words count. */
export interface HostOptions {
  readonly httpsMethod?: HttpsMethod;
  /** Name of the certificate's files, without their ending. */
  readonly certificate?: string;
  /** Whether a host without a certificate is served by plain HTTP, when it should be redirected. */
  readonly plainWithoutCertificate?: boolean;
  /** Whether `default` stands for hosts without a certificate of their own. */
  readonly defaultCertificate?: boolean;
  /** Strict-Transport-Security, or `off`. */
  readonly hsts?: string;
  readonly sslPolicy?: string;
  readonly verifyClient?: "on" | "off" | "optional" | "optional_no_ca";
  readonly http2?: boolean;
  readonly http3?: boolean;
  /** Status of the redirect to TLS for other methods than GET and HEAD. */
  readonly nonGetRedirect?: number;
  /** Where an ACME client's answers are served: also where TLS is (`true`), by plain HTTP only, or nowhere. */
  readonly challenge?: "true" | "false" | "legacy";
  readonly serverTokens?: "on" | "off" | "build";
  /** Document root on the side of a FastCGI server. */
  readonly root?: string;
  readonly httpPort?: PortNumber;
  readonly httpsPort?: PortNumber;
  /** Whether /nginx-proxy-debug tells those inside what is known of the host. */
  readonly debugEndpoint?: boolean;
  /** Names whose requests are sent on to this host. */
  readonly redirectFrom?: readonly HostName[];
}

/** What containers ask for, for a path of a host. */
export interface PathOptions {
  readonly access?: "internal" | "external";
  readonly balance?: Balance;
  /** Idle connections kept to the replicas. */
  readonly keepalive?: number | "auto";
  /** Seconds without a byte from the app after which a request is given up. */
  readonly timeout?: number;
  /** Longest request body in bytes. */
  readonly bodySize?: number;
}

/** Which of those that have a health check are sent requests: healthy ones, those that are starting too, or all. */
export const HEALTH_RULES = ["required", "started", "ignored"] as const;
export type HealthRule = (typeof HEALTH_RULES)[number];

/** What a container asks for, for itself as one replica. */
export interface ServerOptions {
  readonly health?: HealthRule;
  readonly weight?: number;
  /** Sent requests only when the others fail. */
  readonly backup?: boolean;
  readonly maxFails?: number;
  /** Seconds. */
  readonly failTimeout?: number;
}

/** Longest request body that a container may ask for, and longest silence. */
const MAX_BODY = 16 * 1_073_741_824;
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
    parse: truth,
  },
  defaultCertificate: { label: "default-certificate", theirLabel: "trust-default-cert", parse: truth },
  hsts: { env: "HSTS", label: "hsts", needs: "hsts", parse: hsts },
  sslPolicy: {
    env: "SSL_POLICY",
    label: "ssl-policy",
    needs: "sslPolicy",
    parse: (raw) =>
      Object.hasOwn(SSL_POLICIES, raw)
        ? { kind: "ok", value: raw }
        : { kind: "refused", why: `not one of ${Object.keys(SSL_POLICIES).join(", ")}` },
  },
  verifyClient: {
    label: "verify-client",
    theirLabel: "ssl_verify_client",
    needs: "clientCertificates",
    parse: oneOf("on", "off", "optional", "optional_no_ca"),
  },
  http2: { label: "http2", theirLabel: "http2.enable", parse: truth },
  http3: { label: "http3", theirLabel: "http3.enable", parse: truth },
  nonGetRedirect: {
    label: "non-get-redirect",
    theirLabel: "non-get-redirect",
    parse: (raw) => (["301", "302", "307", "308"].includes(raw) ? whole(301, 308)(raw) : oneOfNumbers),
  },
  challenge: {
    env: "ACME_HTTP_CHALLENGE_LOCATION",
    label: "acme-challenge",
    parse: (raw) => {
      const bool = truth(raw);
      if (bool.kind === "ok") return { kind: "ok", value: bool.value ? "true" : "false" };
      const word = oneOf("legacy")(raw);
      return word.kind === "ok" ? word : { kind: "refused", why: "not true, false or legacy" };
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
    theirLabel: "debug-endpoint",
    needs: "debugEndpoint",
    parse: truth,
  },
  redirectFrom: { label: "redirect-from", parse: parseHosts },
};

export const PATH_OPTIONS: OptionRules<PathOptions> = {
  access: { env: "NETWORK_ACCESS", label: "network-access", parse: oneOf("internal", "external") },
  balance: { label: "balance", theirLabel: "loadbalance", parse: balance },
  keepalive: { label: "keepalive", theirLabel: "keepalive", parse: keepalive },
  timeout: { label: "timeout", parse: seconds(MAX_TIMEOUT_HOURS) },
  bodySize: { label: "body-size", parse: bytes(MAX_BODY) },
};

export const SERVER_OPTIONS: OptionRules<ServerOptions> = {
  health: { label: "health", parse: oneOf(...HEALTH_RULES) },
  weight: { label: "weight", parse: whole(1, 1_000) },
  backup: { label: "backup", parse: truth },
  maxFails: { label: "max-fails", parse: whole(0, 1_000) },
  failTimeout: { label: "fail-timeout", parse: seconds(1) },
};

const oneOfNumbers = { kind: "refused", why: "not one of 301, 302, 307, 308" } as const;
