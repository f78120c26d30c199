/** The test that asks a real nginx about one row of docs/reference/nginx-proxy.md: its file, and its title or its `describe`'s. */
export type RowTest = readonly [file: string, title: string];

const ROUTES = "test/renderer/nginx/routes.test.ts";
const OPERATOR = "test/renderer/nginx/operator.test.ts";
const ROWS = "test/renderer/nginx/rows.test.ts";
const FRONT = "test/renderer/nginx/front.test.ts";
const PORTS = "test/renderer/nginx/ports.test.ts";
const CORNERS = "test/renderer/nginx/corners.test.ts";
const HEADERS = "test/renderer/nginx/headers.test.ts";
const REPLICAS = "test/renderer/nginx/replicas.test.ts";
const TLS_FILES = "test/renderer/nginx/tls-files.test.ts";
const POLICIES = "test/renderer/nginx/policies.test.ts";
const METHODS = "test/renderer/nginx/methods.test.ts";
const LOG = "test/renderer/nginx/log-format.test.ts";
const DEBUG = "test/renderer/nginx/debug.test.ts";
const UNCLAIMED = "test/renderer/nginx/unclaimed.test.ts";
const PROXY_FILE = "test/renderer/nginx/proxy-file.test.ts";
const HTTPS = "test/renderer/nginx/https.test.ts";
const BROWSER = "test/e2e/http3-browser.test.ts";
const STACK = "test/e2e/routing.test.ts";

const ANY_METHOD: RowTest = [METHODS, "HTTPS_METHOD, ${title}, before a real nginx"];
const REDIRECTED_OTHERS: RowTest = [OPERATOR, "methods other than GET are redirected with the status that keeps them"];
const BOTH_PORTS: RowTest = [PORTS, "a host with ports of its own is redirected to its own, and is nowhere else"];
const MULTIPLE: RowTest = [ROUTES, "a port of its own in several paths: another"];

/** By what nginx-proxy calls it, as the first cell of a row has it between backticks. */
export const TESTS_OF_ROWS: Readonly<Record<string, readonly RowTest[]>> = {
  VIRTUAL_HOST: [
    [ROUTES, "a list of names: the second"],
    [ROUTES, "a wildcard before a name"],
    [ROUTES, "a wildcard behind a name"],
    [ROUTES, "an IPv6 address"],
    [ROUTES, "a regular expression with a comma in it"],
  ],
  VIRTUAL_PORT: [[PORTS, "of several exposed ports the one that VIRTUAL_PORT names is asked"]],
  VIRTUAL_PATH: [
    [ROUTES, "an exact path"],
    [ROUTES, "a path by regular expression"],
    [CORNERS, "a path before all expressions, and one by expression in any case, are served"],
  ],
  VIRTUAL_DEST: [
    [ROUTES, "a path with a destination"],
    [CORNERS, "a destination behind a regular expression is left out, and told"],
  ],
  VIRTUAL_PROTO: [
    [ROUTES, "an app that speaks TLS"],
    [ROUTES, "FastCGI gets its script below the root that the container names"],
    [ROUTES, "uwsgi gets its variables"],
    [ROUTES, "gRPC goes through TLS and HTTP/2 to an app that speaks HTTP/2 plainly"],
    [ROWS, "gRPC goes to an app that speaks TLS"],
  ],
  VIRTUAL_ROOT: [[ROUTES, "FastCGI gets its script below the root that the container names"]],
  VIRTUAL_HOST_MULTIPORTS: [MULTIPLE, [CORNERS, "several ports count in place of VIRTUAL_HOST"]],
  EXTERNAL_HTTP_PORT: [
    BOTH_PORTS,
    [PORTS, "a port that one host wants for plain HTTP and another for TLS is the older one's, and the other is told"],
    [PORTS, "names that nobody claims get nothing on ports that a host has for itself"],
  ],
  EXTERNAL_HTTPS_PORT: [BOTH_PORTS],
  CERT_NAME: [
    [ROWS, "the certificate is the one that is named, the host's own, or `default`"],
    [PORTS, "a named certificate that is not there is replaced by no other"],
  ],
  HTTPS_METHOD: [ANY_METHOD],
  ENABLE_HTTP_ON_MISSING_CERT: [ANY_METHOD],
  HSTS: [ANY_METHOD, [OPERATOR, "HSTS and the TLS policy are the container's where the operator lets it"]],
  SSL_POLICY: [[POLICIES, "TLS policies of hosts that share a port, before a real nginx"]],
  NETWORK_ACCESS: [
    [ROUTES, "a path for the own network, from there"],
    [OPERATOR, "what is for the own network is refused to others"],
  ],
  SERVER_TOKENS: [[ROWS, "a host has the TLS policy and the server's name that its container asks for"]],
  ACME_HTTP_CHALLENGE_LOCATION: [ANY_METHOD],
  loadbalance: [
    [ROUTES, "with ip-hash one client always meets the same replica"],
    [CORNERS, "requests are balanced by the directive that the label names"],
  ],
  keepalive: [[CORNERS, "connections to an app are kept, or not, as its label says"]],
  "http2.enable": [[FRONT, "HTTP/2 is spoken, but not where a container does not want it"]],
  "http3.enable": [[BROWSER, "who comes by TCP is told of it, but not of a host whose container wants none"]],
  "non-get-redirect": [[ROWS, "idle connections, balance and the redirect's status are as containers ask"]],
  ssl_verify_client: [
    [TLS_FILES, "a container may leave it to clients whether they show one, where the operator lets it"],
  ],
  "trust-default-cert": [[ROWS, "a host that does not trust `default` is served plainly"]],
  "debug-endpoint": [[DEBUG, "tells host, paths, servers, method and what is to be said of containers"]],
  nginx: [[STACK, "a container follows its networks"]],
  DEFAULT_HOST: [
    [CORNERS, "the default host answers by TLS, too, with the certificate of its own"],
    [
      OPERATOR,
      "the default host answers for names that nobody claims, by plain HTTP and not by TLS it has no certificate for",
    ],
  ],
  DEFAULT_ROOT: [
    [ROUTES, "a path that nobody claims is not found"],
    [CORNERS, "paths that nobody claims get the operator's status"],
  ],
  HTTP_PORT: [[HEADERS, "by plain HTTP"]],
  HTTPS_PORT: [[HTTPS, "a new certificate enables TLS and redirects HTTP without a restart"]],
  NON_GET_REDIRECT: [REDIRECTED_OTHERS],
  TRUST_DEFAULT_CERT: [ANY_METHOD],
  ENABLE_HTTP2: [[CORNERS, "without HTTP/2 by the operator's word none is spoken"]],
  ENABLE_HTTP3: [[BROWSER, "${host} is served by HTTP/3 with the certificate of its own"]],
  ENABLE_IPV6: [[FRONT, "IPv6 is listened on, too, and only the trusted are believed"]],
  PREFER_IPV6_NETWORK: [[PORTS, "of two addresses the IPv6 one is asked where the operator prefers it"]],
  ENABLE_PROXY_PROTOCOL: [[FRONT, "the client's address is the one that the load balancer tells"]],
  TRUST_DOWNSTREAM_PROXY: [
    [HEADERS, "a client's `Proxy` does not reach the app, nor does its word about itself"],
    [HEADERS, "a trusted proxy's word reaches the app, of all that it tells"],
  ],
  RESOLVERS: [[REPLICAS, "nginx asks the operator's resolvers for names in the operator's lines"]],
  LOG_JSON: [[ROWS, "requests are logged as JSON, whatever they contain"]],
  DISABLE_ACCESS_LOGS: [[CORNERS, "no request is logged where the operator says so, whatever nginx's own setting is"]],
  LOG_FORMAT: [[LOG, "is logged by nginx as it is written, with variables escaped by ${escape}"]],
  LOG_FORMAT_ESCAPE: [[LOG, "is logged by nginx as it is written, with variables escaped by ${escape}"]],
  DEBUG_ENDPOINT: [
    [DEBUG, "is for all hosts when the operator says so, and a container without permission changes nothing"],
  ],
  ACME_HTTP_CHALLENGE_ACCEPT_UNKNOWN_HOST: [
    [PORTS, "an authority's question for a name that nobody claims is answered where the operator wants it"],
  ],
  DOCKER_HOST: [[STACK, "a started container is routed and a stopped one is not, without a failed request elsewhere"]],
  DOCKER_CONTAINER_FILTERS: [[CORNERS, "a container that is another proxy's is not routed here"]],
  NGINX_CONTAINER_LABEL: [[STACK, "a container follows its networks"]],
  "certs/N.crt": [
    [PORTS, "a certificate stands for names one level below its own name, for wildcards, and for what it covers"],
  ],
  "N.key": [[HTTPS, "a certificate with a key that does not match disables TLS for its own host only"]],
  "certs/N.dhparam.pem": [
    [TLS_FILES, "a certificate's own Diffie-Hellman parameters are used, and `dhparam.pem` for all others"],
  ],
  "N.chain.pem": [[TLS_FILES, "beside a chain the responder's word about the certificate is stapled to the handshake"]],
  "certs/V.ca.crt": [
    [TLS_FILES, "a host's own authority counts in place of everybody's, with its own list of what is revoked"],
  ],
  "V.crl.pem": [
    [TLS_FILES, "a certificate that is revoked later is refused from then on, without a change of any container"],
  ],
  "ca.crt": [[TLS_FILES, "clients show a certificate of everybody's authority, and not a revoked one"]],
  "ca.crl.pem": [[TLS_FILES, "clients show a certificate of everybody's authority, and not a revoked one"]],
  "certs/default.crt": [[ROWS, "names that nobody claims get 503 and the `default` certificate"]],
  "htpasswd/V": [[OPERATOR, "a password file asks for its password"]],
  "htpasswd/V_SHA1(path)": [[ROWS, "a path has a password file and lines of its own"]],
  "vhost.d/V": [[CORNERS, "files of a regular expression are found by its SHA-1, and its certificate by name"]],
  default: [[ROWS, "`default` of the operator's lines is for every host that has none of its own"]],
  "vhost.d/V_location": [[OPERATOR, "the operator's files add lines to hosts and locations, and replace locations"]],
  "V_SHA1(path)_location": [[ROWS, "a path has a password file and lines of its own"]],
  default_location: [[CORNERS, "lines for every location are added where there are no others"]],
  "vhost.d/V_location_override": [
    [OPERATOR, "the operator's files add lines to hosts and locations, and replace locations"],
  ],
  "V_SHA1(path)_location_override": [[ROWS, "a path has a password file and lines of its own"]],
  "html/errors/50x.html": [
    [UNCLAIMED, "names that nobody claims are answered 503 with everybody's error page, while there is one"],
    [CORNERS, "a host has an error page of its own, and others have everybody's"],
  ],
  "proxy.conf": [
    [PROXY_FILE, "the operator's proxy.conf takes the place of all lines for apps, from when it is there"],
  ],
  "network_internal.conf": [[OPERATOR, "what is for the own network is refused to others"]],
};

/** What of nginx-proxy's routing model and headers has no name in the tables. */
export const TESTS_OF_THE_MODEL: readonly RowTest[] = [
  [CORNERS, "empty variables are as good as none"],
  [OPERATOR, "where containers disagree the oldest is right and the others are told"],
  [ROUTES, "a path that would leave its place in the file costs its container, which is told"],
  [PORTS, "of several networks the one that the container names is used"],
  [PORTS, "an app on the Docker host's own network is reached from there"],
  [STACK, "a container follows its networks"],
  [REPLICAS, "a replica with a weight of three answers three times as often"],
  [REPLICAS, "a spare replica answers once the main one fails"],
  [REPLICAS, "a replica that failed as often as it may is asked no more"],
  [REPLICAS, "a request is given up after the container's own timeout"],
  [REPLICAS, "a request's size is the operator's unless a container says otherwise"],
  [OPERATOR, "a host nobody can answer for shows the operator's page"],
  [OPERATOR, "a host that nginx refuses does not hold up the others: it is left out, told, and taken back"],
  [OPERATOR, "a file that is changed is taken up without a change of any container"],
  [HTTPS, "a renewed certificate is served although its path is the same"],
  [FRONT, "an authority's question is answered by plain HTTP, where all else is redirected"],
  [HEADERS, "by TLS"],
  [HEADERS, "a port that the client wrote is kept, whatever nginx listens on"],
  [HEADERS, "what the client asked for is told although the app gets another path"],
  [HEADERS, "a WebSocket is opened and speaks both ways"],
  [HEADERS, "HTTP/1.1 is spoken to apps, over connections that are kept"],
  [CORNERS, "an app may have a path that is also ours"],
];
