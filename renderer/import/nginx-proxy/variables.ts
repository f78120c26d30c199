import { unclaimedPath } from "../../config/nginx-settings.ts";
import { parseAddress, parseHost, parsePort, type Parsed } from "../../routes/grammar.ts";
import { HOST_OPTIONS } from "../../routes/options.ts";
import { oneOf, parseBoolean } from "../../routes/option-values.ts";
import { at, READ_ELSEWHERE, type Setting, type SettingValue, unneeded, unsupported } from "./setting.ts";

/** Every environment variable of nginx-proxy, and how it is imported. */
export const VARIABLES: Readonly<Record<string, Setting>> = {
  HTTP_PORT: at("listen", parsePort),
  HTTPS_PORT: at("https.listen", parsePort, "https.port"),
  DEFAULT_HOST: at("nginx.defaultHost", (raw) => parseHost(raw, true)),
  DEFAULT_ROOT: at("nginx.unclaimedPath", defaultRoot),
  HTTPS_METHOD: hostDefault("httpsMethod"),
  HSTS: hostDefault("hsts"),
  SSL_POLICY: hostDefault("sslPolicy"),
  SERVER_TOKENS: hostDefault("serverTokens"),
  NON_GET_REDIRECT: hostDefault("nonGetRedirect"),
  TRUST_DEFAULT_CERT: hostDefault("defaultCertificate"),
  ENABLE_HTTP_ON_MISSING_CERT: hostDefault("plainWithoutCertificate"),
  ACME_HTTP_CHALLENGE_LOCATION: hostDefault("challenge"),
  DEBUG_ENDPOINT: hostDefault("debugEndpoint"),
  ENABLE_HTTP2: hostDefault("http2"),
  ENABLE_HTTP3: at("https.http3", parseBoolean),
  ACME_HTTP_CHALLENGE_ACCEPT_UNKNOWN_HOST: at("https.challengesForUnknown", parseBoolean),
  ENABLE_IPV6: at("nginx.ipv6", parseBoolean),
  PREFER_IPV6_NETWORK: at("routing.preferIpv6", parseBoolean),
  ENABLE_PROXY_PROTOCOL: at("nginx.proxyProtocol", parseBoolean),
  TRUST_DOWNSTREAM_PROXY: at("nginx.trustedProxies", trusted),
  RESOLVERS: at("nginx.resolvers", resolvers),
  // access-log.ts reads these four.
  DISABLE_ACCESS_LOGS: READ_ELSEWHERE,
  LOG_JSON: READ_ELSEWHERE,
  LOG_FORMAT: READ_ELSEWHERE,
  LOG_FORMAT_ESCAPE: READ_ELSEWHERE,
  SHA1_UPSTREAM_NAME: unneeded("SHA1_UPSTREAM_NAME: only upstreams of names without a dot are hashed"),
  DHPARAM_BITS: unneeded("DHPARAM_BITS: the default ciphers need no DH parameters; a dhparam.pem is used"),
  DHPARAM_SKIP: unneeded("DHPARAM_SKIP: the default ciphers need no DH parameters; a dhparam.pem is used"),
  DHPARAM_GENERATION: unneeded("DHPARAM_GENERATION: the default ciphers need no DH parameters"),
  // The agent reads the socket, import.ts the filters and the label.
  DOCKER_HOST: READ_ELSEWHERE,
  DOCKER_CONTAINER_FILTERS: READ_ELSEWHERE,
  NGINX_CONTAINER_LABEL: READ_ELSEWHERE,
  DOCKER_TLS_VERIFY: unsupported("DOCKER_TLS_VERIFY: the agent supports only a Unix socket"),
  DOCKER_CERT_PATH: unsupported("DOCKER_CERT_PATH: the agent supports only a Unix socket"),
};

/** A default of virtual hosts, in the grammar of containers. */
function hostDefault(name: keyof typeof HOST_OPTIONS): Setting {
  const { parse } = HOST_OPTIONS[name];
  return at(`nginx.defaults.${name}`, (raw) => {
    const parsed = parse(raw);
    return parsed.kind === "ok" ? { kind: "ok", value: parsed.value as SettingValue } : parsed;
  });
}

/** Trusts X-Forwarded-* headers of all clients, or of none. */
function trusted(raw: string): Parsed<readonly string[]> {
  const parsed = parseBoolean(raw);
  return parsed.kind === "ok" ? { kind: "ok", value: parsed.value ? ALL_NETWORKS : [] } : parsed;
}

export const ALL_NETWORKS: readonly string[] = ["0.0.0.0/0", "::/0"];

/** What nginx's `return` accepts, or `none`. */
function defaultRoot(raw: string): Parsed<SettingValue> {
  const parsed = unclaimedPath.safeParse(/^[0-9]+$/.test(raw) ? Number(raw) : raw);
  if (parsed.success) return { kind: "ok", value: parsed.data };
  return { kind: "invalid", reason: parsed.error.issues[0]?.message ?? "" };
}

/** Addresses as in nginx's `resolver`, without its parameters. */
function resolvers(raw: string): Parsed<readonly string[]> {
  const addresses = raw
    .split(/\s+/)
    .filter((word) => word !== "" && !/^[a-z0-9]+=/.test(word))
    .map((word) => word.replace(/^\[(.*)\]$/, "$1"));
  const wrong = addresses.find((address) => parseAddress(address).kind === "invalid");
  return wrong === undefined
    ? { kind: "ok", value: addresses }
    : { kind: "invalid", reason: "not addresses of DNS servers" };
}

export const LOG_ESCAPE = oneOf("default", "json", "none");
