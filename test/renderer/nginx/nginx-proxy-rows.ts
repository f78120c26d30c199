/** A test with a real nginx for a row of docs/reference/nginx-proxy.md: its file, and its title or that of its `describe`. */
export type RowTest = readonly [file: string, title: string];

const ROUTES = "test/renderer/nginx/routes.test.ts";
const OPERATOR = "test/renderer/nginx/operator.test.ts";
const ROWS = "test/renderer/nginx/rows.test.ts";
const BALANCER = "test/renderer/nginx/load-balancer.test.ts";
const PORTS = "test/renderer/nginx/ports.test.ts";
const SPECIAL = "test/renderer/nginx/special-cases.test.ts";
const HEADERS = "test/renderer/nginx/headers.test.ts";
const REPLICAS = "test/renderer/nginx/replicas.test.ts";
const TLS_FILES = "test/renderer/nginx/tls-files.test.ts";
const POLICIES = "test/renderer/nginx/policies.test.ts";
const METHODS = "test/renderer/nginx/methods.test.ts";
const LOG = "test/renderer/nginx/log-format.test.ts";
const DEBUG = "test/renderer/nginx/debug.test.ts";
const OPERATOR_FILES = "test/renderer/nginx/operator-files.test.ts";
const HTTPS = "test/renderer/nginx/https.test.ts";
const BROWSER = "test/e2e/http3-browser.test.ts";
const STACK = "test/e2e/routing.test.ts";

const ACME = "test/renderer/acme/issuance.test.ts";

const ANY_METHOD: RowTest = [METHODS, "HTTPS_METHOD ${title}, with a real nginx"];
const REDIRECTED_OTHERS: RowTest = [OPERATOR, "methods other than GET are redirected with the configured status"];
const BOTH_PORTS: RowTest = [PORTS, "a host with its own ports is served and redirected only on them"];
const MULTIPLE: RowTest = [ROUTES, "VIRTUAL_HOST_MULTIPORTS: another path"];

/** By nginx-proxy's name, in backticks in the first cell of a row. */
export const TESTS_OF_ROWS: Readonly<Record<string, readonly RowTest[]>> = {
  VIRTUAL_HOST: [
    [ROUTES, "the second of several names"],
    [ROUTES, "a leading wildcard"],
    [ROUTES, "a trailing wildcard"],
    [ROUTES, "an IPv6 address"],
    [ROUTES, "a regular expression with a comma in it"],
  ],
  VIRTUAL_PORT: [[PORTS, "VIRTUAL_PORT selects one of several exposed ports"]],
  VIRTUAL_PATH: [
    [ROUTES, "an exact path"],
    [ROUTES, "a path by regular expression"],
    [SPECIAL, "prefix paths with ^~ and case-insensitive regular expressions are routed"],
  ],
  VIRTUAL_DEST: [
    [ROUTES, "a path with a destination"],
    [SPECIAL, "VIRTUAL_DEST with a regular expression is ignored and reported"],
  ],
  VIRTUAL_PROTO: [
    [ROUTES, "an app with TLS"],
    [ROUTES, "FastCGI receives SCRIPT_FILENAME below VIRTUAL_ROOT"],
    [ROUTES, "uwsgi receives its variables"],
    [ROUTES, "gRPC is proxied from HTTPS to an app with cleartext HTTP/2"],
    [ROWS, "gRPC is proxied to an app with TLS"],
  ],
  VIRTUAL_ROOT: [[ROUTES, "FastCGI receives SCRIPT_FILENAME below VIRTUAL_ROOT"]],
  VIRTUAL_HOST_MULTIPORTS: [MULTIPLE, [SPECIAL, "VIRTUAL_HOST_MULTIPORTS takes precedence over VIRTUAL_HOST"]],
  EXTERNAL_HTTP_PORT: [
    BOTH_PORTS,
    [PORTS, "the older host gets a port that two hosts request for HTTP and HTTPS, and the conflict is reported"],
    [PORTS, "a host's own ports serve no unknown names"],
  ],
  EXTERNAL_HTTPS_PORT: [BOTH_PORTS],
  CERT_NAME: [
    [ROWS, "uses the certificate in CERT_NAME, else the host's own, else `default`"],
    [PORTS, "a missing CERT_NAME certificate is not replaced by another"],
  ],
  HTTPS_METHOD: [ANY_METHOD],
  ENABLE_HTTP_ON_MISSING_CERT: [ANY_METHOD],
  HSTS: [ANY_METHOD, [OPERATOR, "a permitted container sets HSTS and the TLS policy"]],
  SSL_POLICY: [[POLICIES, "TLS policies of hosts that share a port, with a real nginx"]],
  NETWORK_ACCESS: [
    [ROUTES, "an internal path from an internal network"],
    [OPERATOR, "NETWORK_ACCESS=internal returns 403 to other networks"],
  ],
  SERVER_TOKENS: [[ROWS, "a permitted container sets TLS policy and server_tokens"]],
  ACME_HTTP_CHALLENGE_LOCATION: [ANY_METHOD],
  LETSENCRYPT_HOST: [
    [ACME, "two containers get certificates without touching a file and are then redirected to HTTPS"],
  ],
  LETSENCRYPT_EMAIL: [
    [ACME, "two containers get certificates without touching a file and are then redirected to HTTPS"],
  ],
  LETSENCRYPT_TEST: [[ACME, "lists hostile and mistaken requests safely, and nginx serves all hosts"]],
  ACME_CA_URI: [[ACME, "lists hostile and mistaken requests safely, and nginx serves all hosts"]],
  loadbalance: [
    [ROUTES, "`ip-hash` sends a client to the same replica"],
    [SPECIAL, "requests are balanced by the method in the label"],
  ],
  keepalive: [[SPECIAL, "the label controls keepalive connections to the app"]],
  "http2.enable": [[BALANCER, "HTTP/2 is negotiated unless a container disables it"]],
  "http3.enable": [[BROWSER, "announces HTTP/3 in responses over TCP, except for a host that disables it"]],
  "non-get-redirect": [[ROWS, "labels set keepalive, balancing and the redirect status"]],
  ssl_verify_client: [[TLS_FILES, "a permitted container makes client certificates optional"]],
  "trust-default-cert": [[ROWS, "a host that rejects the `default` certificate is served over HTTP"]],
  "debug-endpoint": [[DEBUG, "returns host, paths, servers, HTTPS method and diagnostics"]],
  nginx: [[STACK, "routes a container while it shares a network with nginx"]],
  DEFAULT_HOST: [
    [SPECIAL, "the default host serves unknown names over HTTPS with its own certificate"],
    [OPERATOR, "the default host serves unknown names over HTTP, and not over HTTPS without a certificate"],
  ],
  DEFAULT_ROOT: [
    [ROUTES, "a path without a container returns 404"],
    [SPECIAL, "paths without a container return the operator's status"],
  ],
  HTTP_PORT: [[HEADERS, "forwards host, client address and scheme over HTTP"]],
  HTTPS_PORT: [[HTTPS, "a new certificate enables TLS and redirects HTTP without a restart"]],
  NON_GET_REDIRECT: [REDIRECTED_OTHERS],
  TRUST_DEFAULT_CERT: [ANY_METHOD],
  ENABLE_HTTP2: [[SPECIAL, "HTTP/2 is not negotiated when the operator disables it"]],
  ENABLE_HTTP3: [[BROWSER, "serves ${host} over HTTP/3 with its own certificate"]],
  ENABLE_IPV6: [[BALANCER, "listens on IPv6 and ignores the address that an untrusted peer sends"]],
  PREFER_IPV6_NETWORK: [[PORTS, "`preferIpv6` selects the IPv6 address"]],
  ENABLE_PROXY_PROTOCOL: [[BALANCER, "the client address is taken from a trusted load balancer"]],
  TRUST_DOWNSTREAM_PROXY: [
    [HEADERS, "removes a client's `Proxy` header and replaces its forwarding headers"],
    [HEADERS, "passes on all forwarding headers of a trusted proxy"],
  ],
  RESOLVERS: [[REPLICAS, "nginx resolves names in the operator's files with the operator's resolvers"]],
  LOG_JSON: [[ROWS, "logs requests with any content as JSON"]],
  DISABLE_ACCESS_LOGS: [[SPECIAL, "`accessLog: off` disables the access log regardless of nginx.conf"]],
  LOG_FORMAT: [[LOG, "is logged literally, with variables escaped by ${escape}"]],
  LOG_FORMAT_ESCAPE: [[LOG, "is logged literally, with variables escaped by ${escape}"]],
  DEBUG_ENDPOINT: [[DEBUG, "is enabled for all hosts by the operator, and containers need permission to disable it"]],
  ACME_HTTP_CHALLENGE_ACCEPT_UNKNOWN_HOST: [
    [PORTS, "`challengesForUnknown` serves ACME challenges for unknown host names"],
  ],
  DOCKER_HOST: [[STACK, "routes a container while it runs, without a failed request to other hosts"]],
  DOCKER_CONTAINER_FILTERS: [[SPECIAL, "a container of another proxy is not routed"]],
  NGINX_CONTAINER_LABEL: [[STACK, "routes a container while it shares a network with nginx"]],
  "certs/N.crt": [[PORTS, "a certificate is used for the names it contains, one level below its wildcard"]],
  "N.key": [[HTTPS, "a certificate with a key that does not match disables TLS for its own host only"]],
  "certs/N.dhparam.pem": [[TLS_FILES, "uses a certificate's own Diffie-Hellman parameters, else `dhparam.pem`"]],
  "N.chain.pem": [[TLS_FILES, "staples the OCSP response of a certificate with a chain file"]],
  "certs/V.ca.crt": [[TLS_FILES, "a host's own CA and revocation list replace the default ones"]],
  "V.crl.pem": [[TLS_FILES, "a certificate that is revoked later is rejected without a change of containers"]],
  "ca.crt": [[TLS_FILES, "`ca.crt` requires a client certificate that is not revoked"]],
  "ca.crl.pem": [[TLS_FILES, "`ca.crt` requires a client certificate that is not revoked"]],
  "certs/default.crt": [[ROWS, "unknown names return 503 with the `default` certificate"]],
  "htpasswd/V": [[OPERATOR, "a password file enables basic authentication"]],
  "htpasswd/V_SHA1(path)": [[ROWS, "a path can have its own password file and directives"]],
  "vhost.d/V": [[SPECIAL, "a regular expression's files are found by its SHA-1, its certificate by CERT_NAME"]],
  default: [[ROWS, "the file `default` applies to hosts without a file of their own"]],
  "vhost.d/V_location": [[OPERATOR, "the operator's files extend hosts and locations and replace locations"]],
  "V_SHA1(path)_location": [[ROWS, "a path can have its own password file and directives"]],
  default_location: [[SPECIAL, "`default_location` applies to locations without a file of their own"]],
  "vhost.d/V_location_override": [[OPERATOR, "the operator's files extend hosts and locations and replace locations"]],
  "V_SHA1(path)_location_override": [[ROWS, "a path can have its own password file and directives"]],
  "html/errors/50x.html": [
    [OPERATOR_FILES, "unknown names return 503 with the default error page while it exists"],
    [SPECIAL, "a host shows its own error page, other hosts the default page"],
  ],
  "proxy.conf": [[OPERATOR_FILES, "the operator's proxy.conf replaces all proxy directives while it exists"]],
  "network_internal.conf": [[OPERATOR, "NETWORK_ACCESS=internal returns 403 to other networks"]],
};

/** Behaviour of nginx-proxy that has no row. */
export const TESTS_OF_THE_MODEL: readonly RowTest[] = [
  [SPECIAL, "empty variables are treated as unset"],
  [OPERATOR, "in a conflict the oldest container wins and the others are reported"],
  [ROUTES, "a path with configuration syntax quarantines its container, and this is reported"],
  [PORTS, "a label selects one of several networks"],
  [PORTS, "an app on the Docker host's network is reached"],
  [STACK, "routes a container while it shares a network with nginx"],
  [REPLICAS, "a replica with weight 3 receives three times as many requests"],
  [REPLICAS, "a backup receives requests when the main replica fails"],
  [REPLICAS, "a replica receives no requests after `max-fails` failures"],
  [REPLICAS, "a request times out after the container's `timeout`"],
  [REPLICAS, "a container's `body-size` replaces the operator's default"],
  [OPERATOR, "a host without a healthy container shows the operator's error page"],
  [OPERATOR, "a host that nginx rejects is quarantined alone, and restored when it is fixed"],
  [OPERATOR, "a changed file takes effect without a change of containers"],
  [HTTPS, "a renewed certificate is served although its path is the same"],
  [BALANCER, "ACME challenges are served over HTTP while other requests are redirected"],
  [HEADERS, "forwards host, client address and scheme over HTTPS"],
  [HEADERS, "keeps the port of the Host header"],
  [HEADERS, "X-Original-URI has the requested path when VIRTUAL_DEST rewrites it"],
  [HEADERS, "upgrades to a WebSocket and forwards both directions"],
  [HEADERS, "uses HTTP/1.1 with keepalive connections to apps"],
  [SPECIAL, "an app may serve a path that Sallyport uses itself"],
];
