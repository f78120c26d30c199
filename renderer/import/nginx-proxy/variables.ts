import { parseAddress, parseHost, parsePort, type Parsed } from "../../routes/grammar.ts";
import { HOST_OPTIONS } from "../../routes/options.ts";
import { integer, oneOf, parseBoolean } from "../../routes/option-values.ts";
import { at, ELSEWHERE, needless, refused, type Setting, type Word } from "./setting.ts";

/** Every variable that nginx-proxy reads of its own environment, and what it becomes. */
export const VARIABLES: Readonly<Record<string, Setting>> = {
  HTTP_PORT: at("listen", parsePort),
  HTTPS_PORT: at("https.listen", parsePort, "https.port"),
  DEFAULT_HOST: at("nginx.defaultHost", (raw) => parseHost(raw, true)),
  DEFAULT_ROOT: at("nginx.unclaimedPath", unclaimed),
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
  // What the access log is like is said by four variables together: access-log.ts.
  DISABLE_ACCESS_LOGS: ELSEWHERE,
  LOG_JSON: ELSEWHERE,
  LOG_FORMAT: ELSEWHERE,
  LOG_FORMAT_ESCAPE: ELSEWHERE,
  SHA1_UPSTREAM_NAME: needless("SHA1_UPSTREAM_NAME: names of upstreams are hashes, always"),
  DHPARAM_BITS: needless("DHPARAM_BITS: the usual ciphers need no DH parameters; dhparam.pem is used where it is"),
  DHPARAM_SKIP: needless("DHPARAM_SKIP: the usual ciphers need no DH parameters; dhparam.pem is used where it is"),
  DHPARAM_GENERATION: needless("DHPARAM_GENERATION: the usual ciphers need no DH parameters"),
  // The socket is the agent's; the filters are read in import.ts.
  DOCKER_HOST: ELSEWHERE,
  DOCKER_CONTAINER_FILTERS: ELSEWHERE,
  NGINX_CONTAINER_LABEL: ELSEWHERE,
  DOCKER_TLS_VERIFY: refused("DOCKER_TLS_VERIFY: the agent speaks to Docker over a Unix socket, and to nothing else"),
  DOCKER_CERT_PATH: refused("DOCKER_CERT_PATH: the agent speaks to Docker over a Unix socket, and to nothing else"),
};

/** What is meant for hosts whose containers say nothing: the same grammar as theirs. */
function hostDefault(name: keyof typeof HOST_OPTIONS): Setting {
  const { parse } = HOST_OPTIONS[name];
  return at(`nginx.defaults.${name}`, (raw) => {
    const parsed = parse(raw);
    return parsed.kind === "ok" ? { kind: "ok", value: parsed.value as Word } : parsed;
  });
}

/** nginx-proxy pastes it behind `return`; here it is a status. */
function unclaimed(raw: string): Parsed<number> {
  return integer(200, 599)(raw);
}

/** Everybody's word about the client counts, or nobody's. */
function trusted(raw: string): Parsed<readonly string[]> {
  const parsed = parseBoolean(raw);
  return parsed.kind === "ok" ? { kind: "ok", value: parsed.value ? EVERYBODY : [] } : parsed;
}

export const EVERYBODY: readonly string[] = ["0.0.0.0/0", "::/0"];

/** Addresses as nginx's `resolver` takes them; its parameters are left to nginx's defaults. */
function resolvers(raw: string): Parsed<readonly string[]> {
  const words = raw.split(/\s+/).filter((word) => word !== "" && !/^[a-z0-9]+=/.test(word));
  const addresses = words.map((word) => word.replace(/^\[(.*)\]$/, "$1"));
  const wrong = addresses.find((address) => parseAddress(address).kind === "invalid");
  return wrong === undefined
    ? { kind: "ok", value: addresses }
    : { kind: "invalid", reason: "not addresses of DNS servers" };
}

export const LOG_ESCAPE = oneOf("default", "json", "none");
