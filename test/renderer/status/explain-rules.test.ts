import assert from "node:assert/strict";
import { resolve } from "node:path";
import { describe, test } from "node:test";
import type { CertificateSet } from "../../../renderer/nginx/certificates/directory.ts";
import { reportOf } from "../../../renderer/status/build-report.ts";
import { NginxRoutes } from "../../../renderer/targets/nginx-routes.ts";
import { NginxTemplate } from "../../../renderer/targets/nginx-template.ts";
import { parseConfig } from "../../../renderer/config/schema.ts";
import type { InventoryContainer } from "../../../renderer/inventory/inventory-change.ts";
import { TargetProgress } from "../../../renderer/publish/target-progress.ts";
import { explain } from "../../../renderer/status/explain.ts";
import type { Container } from "../../../shared/snapshot.ts";
import { container } from "../fake-agent.ts";

const certificate = (stem: string) => ({
  stem,
  names: [stem],
  notAfter: Date.UTC(2030, 0, 31),
  fingerprint: "ab".repeat(32),
});
const CERTIFICATES: CertificateSet = {
  usable: new Map(["tls.example", "other"].map((stem) => [stem, certificate(stem)])),
  refused: [],
  authorities: new Map([["tls.example", { authority: "tls.example.ca.crt", about: "a" }]]),
};

let made = 0;
/** A container that says this; the first one is the oldest. */
function app(name: string, env: Record<string, string>, changes: Partial<Container> = {}): InventoryContainer {
  made += 1;
  const networks = [{ name: "front", ipv4: `10.0.0.${made % 250}` }];
  const all = { id: made.toString(16).padStart(64, "0"), name, createdAt: made, env, networks };
  return {
    agent: "/a",
    host: "docker",
    container: container("a", { ...all, ports: [{ port: 80, proto: "tcp" }], ...changes }),
  };
}
const labels = (said: Record<string, string>): Partial<Container> => ({
  labels: Object.fromEntries(Object.entries(said).map(([name, value]) => [`sallyport.${name}`, value])),
});
const project = (name: string): Partial<Container> => ({ labels: { "com.docker.compose.project": name } });
const plain = (more: Record<string, string> = {}) => ({ VIRTUAL_HOST: "plain.example", ...more });
const tls = (more: Record<string, string> = {}) => ({ VIRTUAL_HOST: "tls.example", ...more });

/** What `explain` says, for these keys of a target with TLS that lets containers say all. */
function explained(
  asked: string,
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
  const routes = new NginxRoutes(parsed.targets[0]!, parsed);
  const template = NginxTemplate.load(parsed.targets[0]!, parsed);
  assert.ok(!("problem" in template), JSON.stringify(template));
  if (parsed.targets[0]!.https) template.use({ certificates: CERTIFICATES });
  const { leftOut } = routes.apply({ upserted: known, gone: [] });
  routes.apply({ upserted: [], gone });
  const { state } = new TargetProgress("/d", () => undefined);
  const standing = { state, routes: routes.table.routes, leftOut, settings: template.settings };
  return explain(reportOf([], [standing], known), asked).text;
}

/** A rule of the preset, who is asked for, what the containers say, and what is told of it. */
type Case = readonly [
  rule: string,
  asked: string,
  known: readonly InventoryContainer[],
  words: RegExp,
  keys?: Record<string, unknown>,
];

const TLS: readonly Case[] = [
  [
    "redirect with a certificate",
    "tls.example",
    [app("a", tls())],
    /\n {2}TLS with certificate tls\.example, good until 2030-01-31\n {2}plain HTTP is redirected to TLS\n/,
  ],
  [
    "noredirect",
    "tls.example",
    [app("a", tls({ HTTPS_METHOD: "noredirect" }))],
    /served by TLS and by plain HTTP \(HTTPS_METHOD noredirect\)(?!.*browsers)/s,
  ],
  [
    "nohttp",
    "tls.example",
    [app("a", tls({ HTTPS_METHOD: "nohttp" }))],
    /served by TLS alone \(HTTPS_METHOD nohttp\)\n.*does not answer an ACME authority/s,
  ],
  [
    "nohttps",
    "tls.example",
    [app("a", tls({ HTTPS_METHOD: "nohttps" }))],
    /served by plain HTTP alone \(HTTPS_METHOD nohttps\)\n {2}does not answer/,
  ],
  ["no certificate", "plain.example", [app("a", plain())], /served by plain HTTP: no certificate stands for it/],
  [
    "a certificate that is not there",
    "tls.example",
    [app("a", tls({ CERT_NAME: "lost" }))],
    /served by plain HTTP: the certificate lost, which its containers name, is not there/,
  ],
  [
    "a certificate that is named",
    "plain.example",
    [app("a", plain({ CERT_NAME: "other" }))],
    /TLS with certificate other,/,
  ],
  [
    "no TLS by the operator",
    "plain.example",
    [app("a", plain())],
    /served by plain HTTP: the operator has no TLS \(`https`\)/,
    { https: undefined },
  ],
  [
    "ENABLE_HTTP_ON_MISSING_CERT",
    "plain.example",
    [app("a", plain({ ENABLE_HTTP_ON_MISSING_CERT: "false" }))],
    /plain HTTP is redirected to TLS, but no certificate stands for it/,
  ],
  [
    "the same beside nohttp",
    "plain.example",
    [app("a", plain({ ENABLE_HTTP_ON_MISSING_CERT: "false", HTTPS_METHOD: "nohttp" }))],
    /nobody is answered: no certificate stands for it/,
  ],
  [
    "the operator's method",
    "tls.example",
    [app("a", tls())],
    /served by plain HTTP alone/,
    { nginx: { defaults: { httpsMethod: "nohttps" } } },
  ],
  ["HSTS", "tls.example", [app("a", tls({ HSTS: "max-age=5" }))], /browsers shall come by TLS: max-age=5\n/],
  ["the operator's HSTS", "tls.example", [app("a", tls())], /browsers shall come by TLS: max-age=31536000\n/],
  ["SSL_POLICY", "tls.example", [app("a", tls({ SSL_POLICY: "Mozilla-Modern" }))], /TLS policy Mozilla-Modern/],
  [
    "certificates of clients",
    "tls.example",
    [app("a", tls(), labels({ "verify-client": "optional" }))],
    /clients are asked for a certificate \(optional\)/,
  ],
  ["no HTTP/2", "tls.example", [app("a", tls(), labels({ http2: "no" }))], /no HTTP\/2/],
  ["HTTP/3", "tls.example", [app("a", tls())], /HTTP\/3, too/],
  ["no HTTP/3", "tls.example", [app("a", tls(), labels({ http3: "no" }))], /no HTTP\/3/],
  [
    "another redirect",
    "tls.example",
    [app("a", tls(), labels({ "non-get-redirect": "308" }))],
    /other methods than GET get 308/,
  ],
  [
    "no challenges",
    "plain.example",
    [app("a", plain({ ACME_HTTP_CHALLENGE_LOCATION: "false" }))],
    /does not answer an ACME authority/,
  ],
];

const HOSTS: readonly Case[] = [
  [
    "ports of its own",
    "tls.example",
    [app("a", tls({ EXTERNAL_HTTP_PORT: "81", EXTERNAL_HTTPS_PORT: "444" }))],
    /plain HTTP at port 81\n {2}TLS at port 444/,
  ],
  [
    "a contested port, of the older one",
    "plain.example",
    [app("a", plain({ EXTERNAL_HTTP_PORT: "444" })), app("b", tls({ EXTERNAL_HTTPS_PORT: "444" }))],
    /plain HTTP at port 444/,
  ],
  [
    "the same, of the other",
    "tls.example",
    [app("a", plain({ EXTERNAL_HTTP_PORT: "444" })), app("b", tls({ EXTERNAL_HTTPS_PORT: "444" }))],
    /not counted: container b: EXTERNAL_HTTPS_PORT: tls\.example wants 444 for TLS, and plain\.example, which is older, for plain HTTP; it has the usual port\n(?!.*at port 444)/s,
  ],
  [
    "the default host",
    "plain.example",
    [app("a", plain())],
    /answers for names that nobody claims, too/,
    { nginx: { defaultHost: "plain.example" } },
  ],
  [
    "the debug endpoint",
    "plain.example",
    [app("a", plain(), labels({ "debug-endpoint": "yes" }))],
    /tells those inside about itself/,
  ],
  ["SERVER_TOKENS", "plain.example", [app("a", plain({ SERVER_TOKENS: "off" }))], /server_tokens is off/],
  [
    "a redirect of names",
    "www.plain.example",
    [app("a", plain(), labels({ "redirect-from": "www.plain.example" }))],
    /redirects to plain\.example/,
  ],
  ["a wildcard", "x.wild.example", [app("a", { VIRTUAL_HOST: "*.wild.example" })], /by \*\.wild\.example/],
  [
    "a route of the operator's",
    "nas.example",
    [],
    /10\.1\.1\.1:81 {2}container route-1/,
    { routing: { routes: [{ host: "nas.example", to: ["10.1.1.1:81"] }] } },
  ],
  [
    "another project's name",
    "plain.example",
    [app("first", plain(), project("one")), app("second", plain(), project("two"))],
    /container first\n {2}not counted: container second: plain\.example belongs to project one, which claimed it first \(`sharedHosts/,
  ],
  [
    "an option that an older one decides",
    "plain.example",
    [app("elder", plain({ CERT_NAME: "other" })), app("younger", plain({ CERT_NAME: "tls.example" }))],
    /not counted: container younger: CERT_NAME: elder, which is older, says otherwise/,
  ],
  [
    "a protocol that an older one decides",
    "plain.example",
    [app("elder", plain()), app("younger", plain({ VIRTUAL_PROTO: "grpc" }))],
    /not counted: container younger: \/ of this host is http: elder, which is older, says so/,
  ],
];

const PATHS: readonly Case[] = [
  [
    "VIRTUAL_PATH and VIRTUAL_DEST",
    "plain.example",
    [app("a", plain({ VIRTUAL_PATH: "/api/", VIRTUAL_DEST: "/" }))],
    /\n {2}\/api\/\n.*\n {4}the app is asked for \/ in its place/,
  ],
  [
    "VIRTUAL_PROTO and VIRTUAL_ROOT",
    "plain.example",
    [app("a", plain({ VIRTUAL_PROTO: "fastcgi", VIRTUAL_ROOT: "/srv" }))],
    /\/ by fastcgi\n.*\n {4}files are below \/srv/,
  ],
  ["NETWORK_ACCESS", "plain.example", [app("a", plain({ NETWORK_ACCESS: "internal" }))], /for internal networks alone/],
  ["balance", "plain.example", [app("a", plain(), labels({ balance: "ip-hash" }))], /balanced by ip-hash/],
  [
    "keepalive",
    "plain.example",
    [app("a", plain(), labels({ keepalive: "disabled" }))],
    /no idle connections are kept/,
  ],
  [
    "a number of idle connections",
    "plain.example",
    [app("a", plain(), labels({ keepalive: "7" }))],
    /7 idle connections are kept/,
  ],
  ["timeout", "plain.example", [app("a", plain(), labels({ timeout: "5m" }))], /given up after 300 s of silence/],
  [
    "the operator's timeout",
    "plain.example",
    [app("a", plain())],
    /given up after 60 s of silence/,
    { nginx: { pathDefaults: { timeout: "1m" } } },
  ],
  [
    "body size",
    "plain.example",
    [app("a", plain(), labels({ "body-size": "1k" }))],
    /bodies of requests up to 1024 bytes/,
  ],
  [
    "weight",
    "plain.example",
    [app("a", plain(), labels({ weight: "3" })), app("b", plain())],
    /container a \(weight 3\)/,
  ],
  [
    "a spare",
    "plain.example",
    [app("a", plain(), labels({ backup: "yes", "max-fails": "2", "fail-timeout": "9s" }))],
    /container a \(spare, left alone after 2 failures, for 9 s\)/,
  ],
  [
    "several ports",
    "plain.example",
    [app("a", { VIRTUAL_HOST_MULTIPORTS: "plain.example: {/: {port: 81}, /b/: {port: 82}}" })],
    /:81 {2}container a\n {2}\/b\/\n {4}[0-9.]+:82 {2}container a/,
  ],
];

const CONTAINERS: readonly Case[] = [
  ["a health check that fails", "a", [app("a", plain(), { health: "unhealthy" })], /not routed:\n {2}is unhealthy/],
  [
    "a health check that is not over",
    "plain.example",
    [app("a", plain(), { health: "starting" })],
    /503: those that claim it cannot answer now\n {2}waiting: container a has not passed its health check yet/,
  ],
  [
    "a container that is told to stop",
    "plain.example",
    [app("a", plain(), { stopping: true })],
    /waiting: container a is stopping/,
  ],
  ["a paused one", "plain.example", [app("a", plain(), { state: "paused" })], /waiting: container a is paused/],
  ["an exited one", "a", [app("a", plain(), { state: "exited" })], /not routed:\n {2}is exited/],
  ["no network in common", "a", [app("a", plain(), { networks: [] })], /not routed:\n {2}has no address/],
  [
    "a network that it is not on",
    "a",
    [app("a", plain(), labels({ network: "back" }))],
    /is not on the network that it names \(its networks: front\): "back"/,
  ],
  ["no host", "a", [app("a", {})], /not routed:\n {2}has no VIRTUAL_HOST/],
  ["no port", "a", [app("a", plain(), { ports: [] })], /exposes no TCP port: add EXPOSE/],
  [
    "several ports and none named",
    "a",
    [
      app("a", plain(), {
        ports: [
          { port: 80, proto: "tcp" },
          { port: 81, proto: "tcp" },
        ],
      }),
    ],
    /answers for plain\.example\n {2}exposes the TCP ports 80, 81 and has no VIRTUAL_PORT: 80 is used/,
  ],
  [
    "a name that is others'",
    "a",
    [app("a", plain(), project("x"))],
    /set aside:\n {2}example belongs to shop \(`owners`\), and this is of x/,
    { routing: { owners: [{ suffix: "example", projects: ["shop"] }] } },
  ],
  [
    "what only the operator may say",
    "a",
    [app("a", plain({ HSTS: "off" }))],
    /HSTS: containers may not choose this here \(`containersMay: \[hsts\]` lets them\); it is left out: "off"/,
    { routing: { containersMay: [] } },
  ],
  [
    "what is left out by the target",
    "a",
    [app("a", plain())],
    /not routed:\n {2}.*\(`containers`\)/,
    { containers: { where: [{ not: { name: "a" } }] } },
  ],
  [
    "two conflicts of one container",
    "younger",
    [
      app("elder", plain({ CERT_NAME: "other", HTTPS_METHOD: "nohttp" })),
      app("younger", plain({ CERT_NAME: "tls.example", HTTPS_METHOD: "nohttps" })),
    ],
    /HTTPS_METHOD: elder.*\n.*CERT_NAME: elder/,
  ],
];

for (const [what, cases] of Object.entries({ TLS, hosts: HOSTS, paths: PATHS, containers: CONTAINERS })) {
  describe(`\`explain\` tells in words, of ${what},`, () => {
    for (const [rule, asked, known, words, keys] of cases) {
      test(rule, () => assert.match(explained(asked, known, keys), words));
    }
  });
}

test("`explain` tells of a host that is kept for its time of grace that nobody claims it any more", () => {
  const last = app("last", plain());
  const text = explained("plain.example", [last], { routing: { grace: "1h" } }, [last]);
  assert.match(text, /503: the containers that claimed it are gone/);
});
