import assert from "node:assert/strict";
import { resolve } from "node:path";
import { describe, test } from "node:test";
import { composeLabels } from "../../shared/compose-labels.ts";
import type { CertificateSet } from "../../../renderer/nginx/certificates/directory.ts";
import { buildReport } from "../../../renderer/status/build-report.ts";
import { NginxRoutes } from "../../../renderer/targets/nginx-routes.ts";
import { NginxTemplate } from "../../../renderer/targets/nginx-template.ts";
import { parseConfig } from "../../../renderer/config/load.ts";
import type { InventoryContainer } from "../../../renderer/inventory/inventory-change.ts";
import { TargetProgress } from "../../../renderer/publish/target-progress.ts";
import { explain } from "../../../renderer/status/explain.ts";
import type { Container } from "../../../shared/snapshot.ts";
import { container } from "../fake-agent.ts";
import { nginxTargetOf } from "../config/target-of.ts";

const certificate = (stem: string) => ({
  stem,
  names: [stem],
  notAfter: Date.UTC(2030, 0, 31),
  fingerprint: "ab".repeat(32),
});
const CERTIFICATES: CertificateSet = {
  usable: new Map(["tls.example", "clients.example", "other"].map((stem) => [stem, certificate(stem)])),
  invalid: [],
  clients: {
    directory: "/c",
    files: new Map([["clients.example.ca.crt", { name: "clients.example.ca.crt", hash: "a" }]]),
  },
};

let count = 0;
/** Returns a container with these variables; the first one is the oldest. */
function app(name: string, env: Record<string, string>, changes: Partial<Container> = {}): InventoryContainer {
  count += 1;
  const networks = [{ name: "front", ipv4: `10.0.0.${count % 250}` }];
  const all = { id: count.toString(16).padStart(64, "0"), name, createdAt: count, env, networks };
  return {
    agent: "/a",
    dockerHost: "docker",
    container: container("a", {
      ...all,
      ports: [{ port: 80, proto: "tcp" }],
      ...changes,
      labels: { ...composeLabels("test"), ...changes.labels },
    }),
  };
}
const labels = (values: Record<string, string>): Partial<Container> => ({
  labels: Object.fromEntries(Object.entries(values).map(([name, value]) => [`sallyport.${name}`, value])),
});
const project = (name: string): Partial<Container> => ({ labels: composeLabels(name) });
const plain = (more: Record<string, string> = {}) => ({ VIRTUAL_HOST: "plain.example", ...more });
const tls = (more: Record<string, string> = {}) => ({ VIRTUAL_HOST: "tls.example", ...more });

/** Returns the output of `explain` for a target with TLS and all permissions. `keys` are further keys of the target. */
function explained(
  query: string,
  known: readonly InventoryContainer[],
  keys: Record<string, unknown> = {},
  gone: readonly InventoryContainer[] = [],
) {
  const target = {
    template: resolve("renderer/templates/nginx.conf.hbs"),
    destination: "/d",
    reload: "none",
    https: { certificates: "/c", http3: true },
    ...keys,
    routing: { containersMay: "all", ...(keys["routing"] as object | undefined) },
  };
  const parsed = parseConfig(JSON.stringify({ agents: [{ socket: "/a" }], proxy: "host", targets: [target] }), "c.yml");
  assert.ok(!("problems" in parsed), JSON.stringify(parsed));
  const config = nginxTargetOf(parsed);
  const routes = new NginxRoutes(config, parsed);
  const template = NginxTemplate.load(config, parsed);
  assert.ok(!("problem" in template), JSON.stringify(template));
  if (config.https) template.use({ certificates: CERTIFICATES });
  routes.apply({ upserted: known, gone: [] });
  routes.apply({ upserted: [], gone });
  const { state } = new TargetProgress("/d", () => undefined);
  const { quarantined } = routes.table.routes;
  const status = {
    state,
    routes: routes.table.routes,
    quarantined,
    filtered: routes.filtered,
    settings: template.settings,
  };
  return explain(buildReport({ agents: [], targets: [status], containers: known }), query).text;
}

/** A setting, the queried host or container, the containers and the expected output. */
type Case = readonly [
  setting: string,
  query: string,
  known: readonly InventoryContainer[],
  output: RegExp,
  keys?: Record<string, unknown>,
];

const TLS: readonly Case[] = [
  [
    "redirect with a certificate",
    "tls.example",
    [app("a", tls())],
    /\n {2}certificate tls\.example, expires 2030-01-31\n {2}HTTP is redirected to HTTPS\n/,
  ],
  [
    "noredirect",
    "tls.example",
    [app("a", tls({ HTTPS_METHOD: "noredirect" }))],
    /HTTPS and HTTP \(HTTPS_METHOD=noredirect\)(?!.*HSTS)/s,
  ],
  [
    "nohttp",
    "tls.example",
    [app("a", tls({ HTTPS_METHOD: "nohttp" }))],
    /HTTPS only \(HTTPS_METHOD=nohttp\)\n.*does not serve ACME challenges/s,
  ],
  [
    "nohttps",
    "tls.example",
    [app("a", tls({ HTTPS_METHOD: "nohttps" }))],
    /HTTP only \(HTTPS_METHOD=nohttps\)\n {2}does not serve ACME/,
  ],
  [
    "a certificate for another name",
    "crm.tls.example",
    [app("a", { VIRTUAL_HOST: "crm.tls.example" })],
    /HTTP only: tls\.example\.crt does not cover this host/,
  ],
  [
    "gRPC without TLS and an old nginx",
    "plain.example",
    [app("a", plain({ VIRTUAL_PROTO: "grpc" }))],
    /gRPC without TLS fails: it needs nginx 1\.25\.1, and nginx is 1\.22/,
    { nginx: { version: "1.22" } },
  ],
  ["no certificate", "plain.example", [app("a", plain())], /HTTP only: no certificate covers this host/],
  [
    "a missing certificate",
    "tls.example",
    [app("a", tls({ CERT_NAME: "lost" }))],
    /HTTP only: certificate lost \(CERT_NAME\) is missing or invalid/,
  ],
  ["CERT_NAME", "plain.example", [app("a", plain({ CERT_NAME: "other" }))], /certificate other,/],
  [
    "no `https`",
    "plain.example",
    [app("a", plain())],
    /HTTP only: HTTPS is not configured \(`https`\)/,
    { https: undefined },
  ],
  [
    "ENABLE_HTTP_ON_MISSING_CERT",
    "plain.example",
    [app("a", plain({ ENABLE_HTTP_ON_MISSING_CERT: "false" }))],
    /HTTP is redirected to HTTPS, but no certificate covers this host/,
  ],
  [
    "ENABLE_HTTP_ON_MISSING_CERT with nohttp",
    "plain.example",
    [app("a", plain({ ENABLE_HTTP_ON_MISSING_CERT: "false", HTTPS_METHOD: "nohttp" }))],
    /neither HTTP nor HTTPS is served: no certificate covers this host/,
  ],
  [
    "the operator's default method",
    "tls.example",
    [app("a", tls())],
    /HTTP only \(HTTPS_METHOD=nohttps\)/,
    { nginx: { defaults: { httpsMethod: "nohttps" } } },
  ],
  ["HSTS", "tls.example", [app("a", tls({ HSTS: "max-age=5" }))], /HSTS: max-age=5\n/],
  ["the operator's default HSTS", "tls.example", [app("a", tls())], /HSTS: max-age=31536000\n/],
  ["SSL_POLICY", "tls.example", [app("a", tls({ SSL_POLICY: "Mozilla-Modern" }))], /TLS policy: Mozilla-Modern/],
  [
    "client certificates",
    "clients.example",
    [app("a", { VIRTUAL_HOST: "clients.example" }, labels({ "verify-client": "optional" }))],
    /client certificates: optional/,
  ],
  [
    "no HTTP/2",
    "clients.example",
    [app("a", { VIRTUAL_HOST: "clients.example" }, labels({ http2: "no" }))],
    /HTTP\/2: off/,
  ],
  ["HTTP/3", "tls.example", [app("a", tls())], /HTTP\/3: on/],
  ["no HTTP/3", "tls.example", [app("a", tls(), labels({ http3: "no" }))], /HTTP\/3: off/],
  [
    "non-get-redirect",
    "tls.example",
    [app("a", tls(), labels({ "non-get-redirect": "308" }))],
    /redirects methods other than GET with 308/,
  ],
  [
    "no ACME challenges",
    "plain.example",
    [app("a", plain({ ACME_HTTP_CHALLENGE_LOCATION: "false" }))],
    /does not serve ACME challenges/,
  ],
];

const HOSTS: readonly Case[] = [
  [
    "ports",
    "tls.example",
    [app("a", tls({ EXTERNAL_HTTP_PORT: "81", EXTERNAL_HTTPS_PORT: "444" }))],
    /HTTP port: 81\n {2}HTTPS port: 444/,
  ],
  [
    "a conflicting port, granted to the older container",
    "plain.example",
    [app("a", plain({ EXTERNAL_HTTP_PORT: "444" })), app("b", tls({ EXTERNAL_HTTPS_PORT: "444" }))],
    /HTTP port: 444/,
  ],
  [
    "a conflicting port, refused to the newer container",
    "tls.example",
    [app("a", plain({ EXTERNAL_HTTP_PORT: "444" })), app("b", tls({ EXTERNAL_HTTPS_PORT: "444" }))],
    /ignored: container b: EXTERNAL_HTTPS_PORT: tls\.example requests port 444 for TLS, but plain\.example requested it first for plain HTTP; choose another port[^\n]*\n(?!.*port: 444)/s,
  ],
  [
    "the default host",
    "plain.example",
    [app("a", plain())],
    /default host: also serves unknown host names/,
    { nginx: { defaultHost: "plain.example" } },
  ],
  [
    "the debug endpoint",
    "plain.example",
    [app("a", plain(), labels({ "debug-endpoint": "yes" }))],
    /serves \/nginx-proxy-debug to internal networks/,
  ],
  ["SERVER_TOKENS", "plain.example", [app("a", plain({ SERVER_TOKENS: "off" }))], /server_tokens: off/],
  [
    "redirect-from",
    "www.plain.example",
    [app("a", plain(), labels({ "redirect-from": "www.plain.example" }))],
    /redirects to plain\.example/,
  ],
  ["a wildcard", "x.wild.example", [app("a", { VIRTUAL_HOST: "*.wild.example" })], /matches \*\.wild\.example/],
  [
    "a static route",
    "nas.example",
    [],
    /10\.1\.1\.1:81 {2}container route-1/,
    { routing: { routes: [{ host: "nas.example", to: ["10.1.1.1:81"] }] } },
  ],
  [
    "a host of another project",
    "plain.example",
    [app("first", plain(), project("one")), app("second", plain(), project("two"))],
    /container first\n {2}ignored: container second: plain\.example belongs to project one, which requested it first; use another name, set `sharedHosts/,
  ],
  [
    "an option that an older container decides",
    "plain.example",
    [app("elder", plain({ CERT_NAME: "other" })), app("younger", plain({ CERT_NAME: "tls.example" }))],
    /ignored: container younger: CERT_NAME: conflicts with container elder, which was created first; /,
  ],
  [
    "a protocol that an older container decides",
    "plain.example",
    [app("elder", plain()), app("younger", plain({ VIRTUAL_PROTO: "grpc" }))],
    /ignored: container younger: protocol conflict on \/: container elder was created first and uses http; /,
  ],
];

const PATHS: readonly Case[] = [
  [
    "VIRTUAL_PATH and VIRTUAL_DEST",
    "plain.example",
    [app("a", plain({ VIRTUAL_PATH: "/api/", VIRTUAL_DEST: "/" }))],
    /\n {2}\/api\/\n.*\n {4}path sent to the upstream server: \//,
  ],
  [
    "VIRTUAL_PROTO and VIRTUAL_ROOT",
    "plain.example",
    [app("a", plain({ VIRTUAL_PROTO: "fastcgi", VIRTUAL_ROOT: "/srv" }))],
    /\/ \(fastcgi\)\n.*\n {4}document root: \/srv/,
  ],
  ["NETWORK_ACCESS", "plain.example", [app("a", plain({ NETWORK_ACCESS: "internal" }))], /internal networks only/],
  ["balance", "plain.example", [app("a", plain(), labels({ balance: "ip-hash" }))], /load balancing: ip-hash/],
  [
    "keepalive: disabled",
    "plain.example",
    [app("a", plain(), labels({ keepalive: "disabled" }))],
    /idle upstream connections: none/,
  ],
  [
    "keepalive: 7",
    "plain.example",
    [app("a", plain(), labels({ keepalive: "7" }))],
    /idle upstream connections: at most 7/,
  ],
  ["timeout", "plain.example", [app("a", plain(), labels({ timeout: "5m" }))], /timeout: 300 s/],
  [
    "the operator's default timeout",
    "plain.example",
    [app("a", plain())],
    /timeout: 60 s/,
    { nginx: { pathDefaults: { timeout: "1m" } } },
  ],
  [
    "body size",
    "plain.example",
    [app("a", plain(), labels({ "body-size": "1k" }))],
    /maximum request body: 1024 bytes/,
  ],
  [
    "weight",
    "plain.example",
    [app("a", plain(), labels({ weight: "3" })), app("b", plain())],
    /container a \(weight 3\)/,
  ],
  [
    "backup",
    "plain.example",
    [app("a", plain(), labels({ backup: "yes", "max-fails": "2", "fail-timeout": "9s" }))],
    /container a \(backup, max_fails 2, fail_timeout 9 s\)/,
  ],
  [
    "several ports",
    "plain.example",
    [app("a", { VIRTUAL_HOST_MULTIPORTS: "plain.example: {/: {port: 81}, /b/: {port: 82}}" })],
    /:81 {2}container a\n {2}\/b\/\n {4}[0-9.]+:82 {2}container a/,
  ],
];

const CONTAINERS: readonly Case[] = [
  ["a failed health check", "a", [app("a", plain(), { health: "unhealthy" })], /not routed\n {2}is unhealthy/],
  [
    "a health check that has not passed yet",
    "plain.example",
    [app("a", plain(), { health: "starting" })],
    /503: no container is available\n {2}unavailable: container a: has not passed its health check yet/,
  ],
  [
    "a container that is stopping",
    "plain.example",
    [app("a", plain(), { stopping: true })],
    /unavailable: container a: is stopping/,
  ],
  [
    "a paused container",
    "plain.example",
    [app("a", plain(), { state: "paused" })],
    /unavailable: container a: is paused/,
  ],
  ["an exited container", "a", [app("a", plain(), { state: "exited" })], /not routed\n {2}is exited/],
  ["no common network", "a", [app("a", plain(), { networks: [] })], /not routed\n {2}has no address/],
  [
    "a network that the container is not connected to",
    "a",
    [app("a", plain(), labels({ network: "back" }))],
    /sallyport\.network: invalid value "back": the container is not on this network \(its networks: front\); /,
  ],
  ["no host", "a", [app("a", {})], /not routed\n {2}has no VIRTUAL_HOST/],
  [
    "no port",
    "a",
    [app("a", plain(), { ports: [] })],
    /exposes no TCP port and has no VIRTUAL_PORT; set VIRTUAL_PORT, or add EXPOSE/,
  ],
  [
    "several ports without VIRTUAL_PORT",
    "a",
    [
      app("a", plain(), {
        ports: [
          { port: 80, proto: "tcp" },
          { port: 81, proto: "tcp" },
        ],
      }),
    ],
    /routed by plain\.example\n {2}exposes the TCP ports 80, 81 and has no VIRTUAL_PORT, so port 80 is used; set VIRTUAL_PORT/,
  ],
  [
    "a host that belongs to another project",
    "a",
    [app("a", plain(), project("x"))],
    /quarantined\n {2}VIRTUAL_HOST: invalid value "plain\.example": example is reserved for other compose projects \(shop\); /,
    { routing: { owners: [{ suffix: "example", projects: ["shop"] }] } },
  ],
  [
    "a setting without permission",
    "a",
    [app("a", plain({ HSTS: "off" }))],
    /HSTS: containers may not set this option; remove it, or allow it by `containersMay: \[hsts\]`/,
    { routing: { containersMay: [] } },
  ],
  [
    "a container that the target filters",
    "a",
    [app("a", plain())],
    /container a\n {2}filtered from \/d \(`containers`\): /,
    { containers: { where: [{ not: { name: "a" } }] } },
  ],
  [
    "two conflicts of one container",
    "younger",
    [
      app("elder", plain({ CERT_NAME: "other", HTTPS_METHOD: "nohttp" })),
      app("younger", plain({ CERT_NAME: "tls.example", HTTPS_METHOD: "nohttps" })),
    ],
    /HTTPS_METHOD: conflicts with container elder.*\n.*CERT_NAME: conflicts with container elder/,
  ],
];

for (const [what, cases] of Object.entries({ TLS, hosts: HOSTS, paths: PATHS, containers: CONTAINERS })) {
  describe(`explains for ${what}`, () => {
    for (const [setting, query, known, output, keys] of cases) {
      test(setting, () => assert.match(explained(query, known, keys), output));
    }
  });
}

test("explains that the containers of a host are gone during its grace period", () => {
  const last = app("last", plain());
  const text = explained("plain.example", [last], { routing: { grace: "1h" } }, [last]);
  assert.match(text, /503: its containers are gone/);
});
