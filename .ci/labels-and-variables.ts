import { ROUTE_NAMES, STREAM_NAMES } from "../renderer/routes/route-request.ts";
import {
  HOST_OPTIONS,
  type HostOptions,
  PATH_OPTIONS,
  type PathOptions,
  SERVER_OPTIONS,
  type ServerOptions,
} from "../renderer/routes/options.ts";
import type { OptionNames } from "../renderer/routes/option.ts";
import { SSL_POLICIES } from "../renderer/routes/ssl-policies.ts";
import { code, table } from "./schema-text.ts";

interface Entry {
  readonly type: string;
  readonly default?: string;
  readonly meaning: string;
  readonly example: string;
}

const ROUTES: Readonly<Record<string, Entry>> = {
  host: {
    type: "host names, separated by commas",
    meaning:
      "Names to route: `a.example`, `*.a.example`, `www.*`, an address, an internationalized name; `~regex` with permission `regex`",
    example: "shop.example.com",
  },
  port: {
    type: "port",
    default: "the only exposed TCP port, otherwise 80",
    meaning: "Port of the app in its container",
    example: "5000",
  },
  path: {
    type: "path",
    default: "`/`",
    meaning: "Path of the host: `/x`, `= /x`, `^~ /x`; `~ x` and `~* x` with permission `regex`",
    example: "/api/",
  },
  dest: {
    type: "path",
    default: "unchanged",
    meaning: "Replaces the path in requests to the app. Ignored with a regular expression",
    example: "/",
  },
  proto: {
    type: "`http`, `https`, `grpc`, `grpcs`, `fastcgi` or `uwsgi`",
    default: "`http`",
    meaning: "Protocol that the app speaks",
    example: "grpc",
  },
  multiports: {
    type: "YAML",
    meaning: "Several hosts, paths and ports: `HOST: { PATH: { port, dest, proto } }`",
    example: 'shop.example.com: { "/": { port: 5000 } }',
  },
  enable: {
    type: "boolean",
    default: "`true` with a host name, otherwise `false`",
    meaning:
      "`true`: without a host name, route the container by the operator's `routing.hostRule`; `false`: do not route it",
    example: "true",
  },
  network: {
    type: "network name",
    default: "the first shared network by name",
    meaning: "Network on which nginx reaches the container",
    example: "front",
  },
};

const STREAMS: Readonly<Record<string, Entry>> = {
  tcp: {
    type: "`PORT` or `PORT:CONTAINER-PORT`, separated by commas",
    meaning: "TCP ports of nginx whose connections go to the container",
    example: "5432,2222:22",
  },
  udp: {
    type: "`PORT` or `PORT:CONTAINER-PORT`, separated by commas",
    meaning: "UDP ports of nginx whose datagrams go to the container",
    example: "53",
  },
  sni: {
    type: "`HOST` or `HOST:CONTAINER-PORT`, separated by commas",
    default: "port: the only exposed TCP port",
    meaning: "Server names whose TLS connections to `streams.sni` go to the container, without decryption",
    example: "db.example.com:5432",
  },
};

/** What each option means; the compiler requires an entry for each. */
export const OPTION_ENTRIES: Readonly<Record<keyof HostOptions | keyof PathOptions | keyof ServerOptions, Entry>> = {
  httpsMethod: {
    type: "`redirect`, `noredirect`, `nohttp` or `nohttps`",
    default: "`redirect`",
    meaning:
      "Whether HTTP and HTTPS are served or redirected when the host has a certificate: [table](certificates.md#https_method)",
    example: "noredirect",
  },
  certificate: {
    type: "file name without ending",
    default: "[selected](certificates.md#selection)",
    meaning: "Certificate of the host",
    example: "example.com",
  },
  plainWithoutCertificate: {
    type: "boolean",
    default: "`true`",
    meaning: "Serve a host without a certificate over plain HTTP",
    example: "false",
  },
  defaultCertificate: {
    type: "boolean",
    default: "`true`",
    meaning: "Use `default.crt` for a host without a certificate",
    example: "false",
  },
  hsts: {
    type: "header value or `off`",
    default: "`max-age` of `https.hstsSeconds`",
    meaning: "Strict-Transport-Security",
    example: "max-age=63072000; includeSubDomains",
  },
  sslPolicy: {
    type: "policy name",
    default: "TLS 1.2 and 1.3",
    meaning: `TLS protocols and ciphers: ${Object.keys(SSL_POLICIES).map(code).join(", ")}`,
    example: "Mozilla-Modern",
  },
  verifyClient: {
    type: "`on`, `off`, `optional` or `optional_no_ca`",
    default: "`on`, if the host has a `ca.crt`",
    meaning: "Whether clients must present a certificate",
    example: "optional",
  },
  http2: { type: "boolean", default: "`true`", meaning: "Serve HTTP/2", example: "false" },
  http3: {
    type: "boolean",
    default: "`true`, if `https.http3` is set",
    meaning: "Serve HTTP/3",
    example: "false",
  },
  nonGetRedirect: {
    type: "`301`, `302`, `307` or `308`",
    default: "`301`",
    meaning: "Status of the redirect to HTTPS for methods other than GET and HEAD",
    example: "307",
  },
  challenge: {
    type: "boolean or `legacy`",
    default: "`true`",
    meaning: "Serve ACME challenges over HTTP; `legacy`: only if the host redirects to HTTPS; `false`: never",
    example: "legacy",
  },
  serverTokens: {
    type: "`on`, `off` or `build`",
    default: "nginx's",
    meaning: "nginx version in responses",
    example: "off",
  },
  root: { type: "path", default: "`/var/www/public`", meaning: "Document root of a FastCGI app", example: "/srv/www" },
  httpPort: { type: "port", default: "`listen`", meaning: "Port of nginx for plain HTTP", example: "8080" },
  httpsPort: { type: "port", default: "`https.listen`", meaning: "Port of nginx for HTTPS", example: "8443" },
  debugEndpoint: {
    type: "boolean",
    default: "`false`",
    meaning: "Serve `/nginx-proxy-debug` to internal networks",
    example: "true",
  },
  redirectFrom: {
    type: "host names, separated by commas",
    meaning: "Names that redirect to this host, at most `routing.maxRoutes`",
    example: "www.example.com",
  },
  acme: {
    type: "`true`, `false` or host names, separated by commas",
    default: "`nginx.defaults.acme`, otherwise `false`",
    meaning:
      "Get certificates from an [ACME authority](../how-to/https.md): `true` one for each virtual host of the container, a list one for these names together",
    example: "shop.example.com,www.shop.example.com",
  },
  acmeEmail: {
    type: "e-mail address",
    default: "`DEFAULT_EMAIL` of the ACME container, otherwise none",
    meaning: "Contact address of the account at the authority, if the account does not exist yet",
    example: "you@example.com",
  },
  acmeTest: {
    type: "boolean",
    default: "`false`",
    meaning: "Use the test service of Let's Encrypt, whose certificates no browser trusts",
    example: "true",
  },
  acmeAuthority: {
    type: "URL",
    default: "`ACME_CA_URI` of the ACME container, otherwise Let's Encrypt",
    meaning: "Directory of the ACME authority. Needs permission `acmeAuthority`",
    example: "https://ca.example.com/acme/directory",
  },
  access: {
    type: "`external` or `internal`",
    default: "`external`",
    meaning: "`internal`: only `nginx.internalNetworks`, by default private networks",
    example: "internal",
  },
  balance: {
    type: "`round-robin`, `least-conn`, `ip-hash`, `hash-address`, `hash-uri` or `random`",
    default: "`round-robin`",
    meaning: "How requests are balanced over replicas",
    example: "least-conn",
  },
  keepalive: {
    type: "number, `auto` or `disabled`",
    default: "`auto`",
    meaning: "Idle connections kept to the replicas, 1000 at most; `auto`: two for each replica",
    example: "32",
  },
  timeout: {
    type: "duration, `1s` to `24h`",
    default: "`60s` (nginx)",
    meaning: "Time without data from the app after which a request ends",
    example: "5m",
  },
  bodySize: {
    type: "size, up to `16g`",
    default: "`1m` (nginx)",
    meaning: "Largest request body",
    example: "100m",
  },
  allow: {
    type: "addresses and networks, separated by commas, at most 100",
    default: "every client",
    meaning: "The only clients that have access; others get 403",
    example: "10.0.0.0/8, 2001:db8::/32",
  },
  passwords: {
    type: "name of a password file",
    default: "the file of the host",
    meaning:
      "Require a password of the operator's file `@NAME` in `nginx.files.passwords`: [passwords](../how-to/passwords.md)",
    example: "staff",
  },
  satisfy: {
    type: "`all` or `any`",
    default: "`all`",
    meaning: "With `allow` and passwords. `all`: clients need both; `any`: clients need one of them",
    example: "any",
  },
  auth: {
    type: "name of a service in `nginx.auth`",
    default: "none",
    meaning:
      "[Authentication service](../how-to/single-sign-on.md) that admits or rejects each request; 503 while it does not respond",
    example: "authelia",
  },
  rate: {
    type: "requests per second or minute",
    default: "no limit",
    meaning: "Requests of one client (of one /64 network with IPv6); others get 429",
    example: "10/s",
  },
  rateBurst: {
    type: "integer 0-10000",
    default: "`20`",
    meaning: "Requests above `rate` that are served at once",
    example: "50",
  },
  upstreamTls: {
    type: "name in `nginx.upstreamTls`",
    default: "certificates of apps are not verified",
    meaning:
      "Verify the app's certificate, with the operator's authority, name and client certificate; 502 if it is not valid. Needs `VIRTUAL_PROTO` `https` or `grpcs`",
    example: "internal",
  },
  headers: {
    type: "`strict` or `off`",
    default: "`off`",
    meaning:
      "Add `X-Content-Type-Options`, `X-Frame-Options`, `Referrer-Policy` and `Permissions-Policy` to responses without them",
    example: "strict",
  },
  cors: {
    type: "origins, separated by commas, at most 50, or `*`",
    default: "the app's own headers",
    meaning:
      "Let pages of these origins read responses, listed ones also with cookies, and answer their preflight requests. Not for responses with the app's own `Access-Control-Allow-Origin`",
    example: "https://app.example.com",
  },
  compress: {
    type: "boolean",
    default: "`false`",
    meaning:
      "Compress text responses with gzip. Do not use it for pages that contain both secrets and text of a request (BREACH)",
    example: "true",
  },
  retry: {
    type: "`connect`, `status` or `off`",
    default: "`connect`",
    meaning:
      "When a request is sent to another replica. `connect`: if the connection fails; `status`: also after 502, 503 and 504; `off`: never. POST and PATCH requests are sent once",
    example: "status",
  },
  retryTries: {
    type: "integer 1-100",
    default: "`3`",
    meaning: "Replicas that are tried for one request",
    example: "2",
  },
  sticky: {
    type: "`cookie` or `off`",
    default: "`off`",
    meaning: "Keep a client at one replica by a cookie, also while the replica stops; needs nginx 1.29.6",
    example: "cookie",
  },
  health: {
    type: "`required`, `started` or `ignored`",
    default: "`required`",
    meaning:
      "Health that a container needs to get requests. `required`: healthy; `started`: healthy or no check has failed yet; `ignored`: any",
    example: "started",
  },
  weight: {
    type: "integer 1-1000",
    default: "`1`",
    meaning: "Share of requests compared with other replicas",
    example: "3",
  },
  backup: {
    type: "boolean",
    default: "`false`",
    meaning: "Get requests only when the other replicas fail",
    example: "true",
  },
  maxFails: {
    type: "integer 0-1000",
    default: "`1` (nginx)",
    meaning: "Failures within `fail-timeout` after which a replica is skipped",
    example: "3",
  },
  failTimeout: {
    type: "duration, `1s` to `1h`",
    default: "`1s`",
    meaning: "Period for `max-fails`, and time for which the replica is skipped",
    example: "30s",
  },
  maxConnections: {
    type: "integer 1-100000",
    default: "no limit",
    meaning: "Concurrent requests that the replica gets; nginx responds with 502 when all replicas have theirs",
    example: "50",
  },
  replica: {
    type: "boolean",
    default: "replicas are the containers of one Compose service, and those of other services on the same port",
    meaning:
      "`true`: the container is a replica next to containers of other services and ports, even if it is a one-off container; `false`: it receives no requests",
    example: "true",
  },
  endpoint: {
    type: "`tasks`, `vip` or `dns`",
    default: "`tasks`",
    meaning:
      "Of a Swarm service: connect to its tasks, to its virtual address, or to the tasks that Docker's DNS names ([limits](../how-to/swarm.md#connect-by-virtual-address-or-dns))",
    example: "vip",
  },
};

type Rule = OptionNames;

/** The page with all labels and variables that containers can set. */
export function labelsAndVariablesPage(): string {
  const routes = ROUTE_NAMES.map((rule: Rule) => row(rule, ROUTES[rule.label]!));
  const section = (rules: object) =>
    Object.entries(rules as Record<string, Rule>).map(([name, rule]) =>
      row(rule, OPTION_ENTRIES[name as keyof typeof OPTION_ENTRIES]),
    );
  const title = (text: string) => [`**${text}**`, ...Array<string>(6).fill("")];
  const rows = [
    title("Routes"),
    ...routes,
    title("Streams"),
    ...STREAM_NAMES.map((rule) => row(rule, STREAMS[rule.label]!)),
    title("Host"),
    ...section(HOST_OPTIONS),
    title("Path"),
    ...section(PATH_OPTIONS),
    title("Container"),
    ...section(SERVER_OPTIONS),
  ];
  return `# Labels and variables

<!-- Generated by \`npm run docs\` from renderer/routes/; do not edit. -->

What a container can set. Each option is a label; most are also an environment variable of nginx-proxy. The label takes precedence.
An invalid value is ignored or quarantines its container, and is reported.

**Options that restrict access** are \`network-access\`, \`allow\`, \`passwords\`, \`satisfy\`, \`auth\`, \`rate\`, \`upstream-tls\`,
\`verify-client\` and \`plain-without-certificate\`. They are never ignored. If such a value is invalid, or the agent withholds it, nginx responds with 503 for the container's paths until you
correct it. The same applies to an unknown label with a similar name, such as \`sallyport.network-acess\`, and to a container with 64
withheld labels. If several values apply, the restricting one prevails: \`internal\`, \`on\`, \`false\`. The agent does not
disclose misspelled variables such as \`NETWORK_ACESS\`, nor labels with a misspelled prefix: check with \`explain\` that a restriction
is in effect.

- **Host** options apply to the virtual host, **path** options to a path of it, **container** options to one replica. If replicas
  disagree about a host or path option, the value of the oldest container applies. Restrictions of all replicas apply: clients must be
  in all lists of \`allow\`, and the lowest \`rate\` counts. Different \`auth\`, \`passwords\` or \`upstream-tls\` close the path.
- **Streams** need ports that the operator offers by \`streams\`: [TCP, UDP, and TLS by server name](../how-to/tcp-udp-sni.md).
- **Permission**: the operator must list it in \`routing.containersMay\`. Defaults for all hosts are \`nginx.defaults\` and
  \`nginx.pathDefaults\` ([renderer configuration](renderer-configuration.md)). \`access: internal\`, \`allow\`, \`auth\`,
  \`headers: strict\`, \`rate\` and \`upstreamTls\` in \`pathDefaults\` apply in addition to what a container sets, so no container can loosen them. Options of a static route replace them.
- **Rates** are counted for each client and path. Up to 1,024 different rates share 64 MiB of nginx's memory. Paths with further rates
  are closed, and \`status\` prints the reason.
- **Image**: what an image sets (\`ENV\`, \`LABEL\`) counts only if it concerns the container itself, such as port and protocol. Host
  names, \`redirect-from\` and every option with a permission must be set on the container, unless the operator lists
  \`imageValues\` in \`routing.containersMay\`. \`sallyport.proxy\` and the Compose project never count from an image.
- Booleans are \`true\`, \`yes\`, \`on\`, \`1\`, \`t\` or \`false\`, \`no\`, \`off\`, \`0\`, \`f\`.
- nginx-proxy's own labels begin with \`com.github.nginx-proxy.nginx-proxy.\`, shortened to \`…\` here.

${table(["label", "variable", "type", "default", "meaning", "example", "permission"], rows)}

The label \`sallyport.proxy=true\` marks nginx's own container. [nginx-proxy compatibility](nginx-proxy.md) describes differences from
nginx-proxy.
`;
}

function row({ env, label, nginxProxyLabel, needs }: Rule, entry: Entry): string[] {
  const other = env === undefined ? nginxProxyLabel && `label \`….${nginxProxyLabel}\`` : code(env);
  const { type, default: value = "", meaning, example } = entry;
  return [
    `\`sallyport.${label}\``,
    other ?? "",
    type,
    value,
    meaning,
    code(example),
    needs === undefined ? "" : code(needs),
  ];
}
