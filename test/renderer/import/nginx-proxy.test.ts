import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fc } from "../../property.ts";
import { parsePolicy } from "../../../agent/policy.ts";
import { parseConfig } from "../../../renderer/config/load.ts";
import type { NginxTargetConfig } from "../../../renderer/config/nginx-target.ts";
import type { Config } from "../../../renderer/config/schema.ts";
import { importNginxProxy, type Layout, type SettingFiles } from "../../../renderer/import/nginx-proxy/import.ts";
import { nameservers } from "../../../renderer/import/nginx-proxy/nameservers.ts";
import { VARIABLES } from "../../../renderer/import/nginx-proxy/variables.ts";
import { nginxTargetOf } from "../config/target-of.ts";

/** Environment variables of nginx-proxy. */
const NGINX_PROXY_VARIABLES = [
  ..."DEFAULT_HOST DEFAULT_ROOT HTTP_PORT HTTPS_PORT HTTPS_METHOD HSTS SSL_POLICY NON_GET_REDIRECT".split(" "),
  ..."TRUST_DEFAULT_CERT ENABLE_HTTP_ON_MISSING_CERT ACME_HTTP_CHALLENGE_LOCATION DEBUG_ENDPOINT".split(" "),
  ..."ENABLE_HTTP2 ENABLE_HTTP3 ACME_HTTP_CHALLENGE_ACCEPT_UNKNOWN_HOST ENABLE_IPV6 PREFER_IPV6_NETWORK".split(" "),
  ..."ENABLE_PROXY_PROTOCOL TRUST_DOWNSTREAM_PROXY RESOLVERS SHA1_UPSTREAM_NAME LOG_FORMAT LOG_FORMAT_ESCAPE".split(
    " ",
  ),
  ..."LOG_JSON DISABLE_ACCESS_LOGS DHPARAM_BITS DHPARAM_SKIP DHPARAM_GENERATION NGINX_CONTAINER_LABEL".split(" "),
  ..."DOCKER_HOST DOCKER_TLS_VERIFY DOCKER_CERT_PATH DOCKER_CONTAINER_FILTERS".split(" "),
];

const LAYOUT: Layout = {
  agentSocket: "/run/sallyport/agent/rpc.sock",
  statusSocket: "/run/sallyport/renderer/status.sock",
  template: "/etc/sallyport/templates/nginx.conf.hbs",
  channel: "/run/sallyport/reload",
  certificates: "/run/sallyport/certificates",
  certificatesInNginx: "/run/sallyport/certificates",
  wanted: "/run/sallyport/acme",
  challenges: "/run/sallyport/challenges",
  isSeparate: false,
};

type Environment = Record<string, string>;

/** The configuration that an environment is imported as. */
function configOf(env: Environment, files: SettingFiles = {}, layout: Partial<Layout> = {}): Config {
  const imported = importNginxProxy(env, files, { ...LAYOUT, ...layout });
  assert.ok(imported.kind === "imported", JSON.stringify(imported));
  const config = parseConfig(imported.yaml, "made.yml");
  assert.ok(!("problems" in config), JSON.stringify(config));
  return config;
}

function targetOf(env: Environment, files: SettingFiles = {}): NginxTargetConfig {
  return nginxTargetOf(configOf(env, files));
}

function notesOf(env: Environment, files: SettingFiles = {}): string {
  const imported = importNginxProxy(env, files, LAYOUT);
  assert.ok(imported.kind === "imported", JSON.stringify(imported));
  return imported.notes.map(({ kind, text }) => `${kind}: ${text}`).join("\n");
}

test("knows every variable of nginx-proxy", () => {
  assert.deepEqual(
    NGINX_PROXY_VARIABLES.filter((name) => !Object.hasOwn(VARIABLES, name)),
    [],
  );
});

test("behaves as nginx-proxy without any variable", () => {
  const config = configOf({});
  assert.equal(config.proxy, "self");
  const { listen, https, routing, nginx, onlyExposed, destination } = nginxTargetOf(config);
  assert.deepEqual([listen, https?.listen, https?.port, onlyExposed], [80, 443, 443, false]);
  assert.equal(destination, "/etc/nginx/conf.d/default.conf");
  assert.deepEqual([routing.sharedHosts, routing.health], [true, "ignored"]);
  assert.deepEqual(nginx.trustedProxies, ["0.0.0.0/0", "::/0"]);
  assert.equal(nginx.connectionsPerAddress, 0);
  assert.deepEqual(nginx.upgrades, ["websocket", "tcp", "SPDY/3.1", "tailscale-control-protocol", "DERP"]);
  assert.deepEqual(nginx.accessLog, { format: "vhost", file: "/var/log/nginx/access.log" });
});

test("SALLYPORT_STRICT disables what nginx-proxy allows containers and clients", () => {
  const { routing, nginx } = targetOf({ SALLYPORT_STRICT: "true" });
  assert.deepEqual(routing.containersMay, []);
  assert.deepEqual([routing.sharedHosts, routing.health], [false, "required"]);
  assert.deepEqual(nginx.trustedProxies, []);
  assert.deepEqual([nginx.connectionsPerAddress, nginx.upgrades], [2_000, ["websocket"]]);
  assert.doesNotMatch(notesOf({ SALLYPORT_STRICT: "true" }), /containers may set everything/);
  assert.match(notesOf({ SALLYPORT_STRICT: "true" }), /a certificate serves only names that it contains/);
});

/** A variable, and the imported value. */
const rows: readonly [env: Environment, found: (target: NginxTargetConfig) => unknown, value: unknown][] = [
  [{ HTTP_PORT: "81" }, ({ listen }) => listen, 81],
  [{ HTTPS_PORT: "444" }, ({ https }) => [https?.listen, https?.port], [444, 444]],
  [{ DEFAULT_HOST: "www.example.org" }, ({ nginx }) => nginx.defaultHost, "www.example.org"],
  [{ DEFAULT_ROOT: "418" }, ({ nginx }) => nginx.unclaimedPath, 418],
  [{ DEFAULT_ROOT: "none" }, ({ nginx }) => nginx.unclaimedPath, "none"],
  [{ DEFAULT_ROOT: "301 $scheme://$host/a" }, ({ nginx }) => nginx.unclaimedPath, "301 $scheme://$host/a"],
  [{ HTTPS_METHOD: "noredirect" }, ({ nginx }) => nginx.defaults.httpsMethod, "noredirect"],
  [{ HSTS: "off" }, ({ nginx }) => nginx.defaults.hsts, "off"],
  [{ SSL_POLICY: "Mozilla-Modern" }, ({ nginx }) => nginx.defaults.sslPolicy, "Mozilla-Modern"],
  [{ SERVER_TOKENS: "off" }, ({ nginx }) => nginx.defaults.serverTokens, "off"],
  [{ NON_GET_REDIRECT: "308" }, ({ nginx }) => nginx.defaults.nonGetRedirect, 308],
  [{ TRUST_DEFAULT_CERT: "false" }, ({ nginx }) => nginx.defaults.defaultCertificate, false],
  [{ ENABLE_HTTP_ON_MISSING_CERT: "F" }, ({ nginx }) => nginx.defaults.plainWithoutCertificate, false],
  [{ ACME_HTTP_CHALLENGE_LOCATION: "legacy" }, ({ nginx }) => nginx.defaults.challenge, "legacy"],
  [{ DEBUG_ENDPOINT: "true" }, ({ nginx }) => nginx.defaults.debugEndpoint, true],
  [{ ENABLE_HTTP2: "false" }, ({ nginx }) => nginx.defaults.http2, false],
  [{ ENABLE_HTTP3: "true" }, ({ https }) => https?.http3, true],
  [{ ACME_HTTP_CHALLENGE_ACCEPT_UNKNOWN_HOST: "1" }, ({ https }) => https?.challengesForUnknown, true],
  [{ ENABLE_IPV6: "true" }, ({ nginx }) => nginx.ipv6, true],
  [{ PREFER_IPV6_NETWORK: "true" }, ({ routing }) => routing.preferIpv6, true],
  [{ ENABLE_PROXY_PROTOCOL: "true" }, ({ nginx }) => nginx.proxyProtocol, true],
  [{ TRUST_DOWNSTREAM_PROXY: "false" }, ({ nginx }) => nginx.trustedProxies, []],
  [{ RESOLVERS: "10.0.0.2 [fd00::2] valid=30s" }, ({ nginx }) => nginx.resolvers, ["10.0.0.2", "fd00::2"]],
  [{ LOG_JSON: "true" }, ({ nginx }) => (nginx.accessLog as { format: unknown }).format, "json"],
  [
    { LOG_FORMAT: "it's $host", LOG_FORMAT_ESCAPE: "none" },
    ({ nginx }) => (nginx.accessLog as { format: unknown }).format,
    { text: "it's $host", escape: "none" },
  ],
  [{ DISABLE_ACCESS_LOGS: "yes" }, ({ nginx }) => nginx.accessLog, "off"],
  [
    { DOCKER_CONTAINER_FILTERS: "label=proxy=a, network=front" },
    ({ containers }) => containers?.where,
    [{ label: ["proxy=a"] }, { network: ["front"] }],
  ],
  // An empty variable counts as missing.
  [{ HTTP_PORT: "", DEFAULT_HOST: "  " }, ({ listen, nginx }) => [listen, nginx.defaultHost], [80, undefined]],
];
for (const [env, found, value] of rows) {
  test(`${JSON.stringify(env)} is imported`, () => assert.deepEqual(found(targetOf(env)), value));
}

describe("reports invalid and unsupported variables", () => {
  const wrong: readonly [env: Environment, problem: RegExp][] = [
    [{ HTTP_PORT: "80;" }, /^HTTP_PORT: invalid value "80;": not a port number/],
    [{ ENABLE_IPV6: "perhaps" }, /^ENABLE_IPV6: invalid value "perhaps": not true or false/],
    [{ DEFAULT_HOST: "a b" }, /^DEFAULT_HOST: invalid value "a b": not a DNS name/],
    [{ DEFAULT_ROOT: "found" }, /^DEFAULT_ROOT: invalid value "found": must be `none`, a status from 200 to 599/],
    [{ DEFAULT_ROOT: "100" }, /^DEFAULT_ROOT: invalid value "100": must be `none`, a status from 200 to 599/],
    [{ RESOLVERS: "dns.example" }, /^RESOLVERS: invalid value "dns\.example": not addresses of DNS servers/],
    [{ LOG_JSON: "maybe" }, /^LOG_JSON: invalid value "maybe": not true or false/],
    [{ LOG_FORMAT: "a\nb" }, /^LOG_FORMAT: invalid value "a\\nb": must be one line of ASCII/],
    [
      { LOG_FORMAT: "$host", LOG_FORMAT_ESCAPE: "xml" },
      /^LOG_FORMAT_ESCAPE: invalid value "xml": not one of default, json, none/,
    ],
    [{ SALLYPORT_STATUS_PORT: "x" }, /^SALLYPORT_STATUS_PORT: invalid value "x": not a port number/],
    [
      { SALLYPORT_STATUS_PORT: "8081", SALLYPORT_STATUS_ALLOW: "me" },
      /^SALLYPORT_STATUS_ALLOW: invalid value "me": not a list of/,
    ],
    [{ HTTP_PORT: "443" }, /^HTTPS_PORT: port "443" is used twice; choose another port/],
    [{ SALLYPORT_ACME: "maybe" }, /^SALLYPORT_ACME: invalid value "maybe": not true or false/],
    [{ SALLYPORT_STRICT: "so" }, /^SALLYPORT_STRICT: invalid value "so": not true or false/],
  ];
  for (const [env, problem] of wrong) {
    test(JSON.stringify(env), () => {
      const imported = importNginxProxy(env, {}, LAYOUT);
      assert.equal(imported.kind, "failed");
      const problems = "problems" in imported ? imported.problems : [];
      assert.equal(problems.length, 1);
      assert.match(problems[0] ?? "", problem);
    });
  }

  const notes: readonly [env: Environment, note: RegExp][] = [
    [{ SHA1_UPSTREAM_NAME: "true" }, /differs: SHA1_UPSTREAM_NAME: only upstreams of names without a dot are hashed/],
    [{ DHPARAM_BITS: "2048" }, /differs: DHPARAM_BITS/],
    [{ DOCKER_TLS_VERIFY: "1" }, /skipped: "1": DOCKER_TLS_VERIFY: the agent supports only a Unix socket/],
    [{ DOCKER_CONTAINER_FILTERS: "volume=x" }, /skipped: container filter volume="x"/],
    [{ DOCKER_CONTAINER_FILTERS: "odd" }, /skipped: DOCKER_CONTAINER_FILTERS: "odd" has no "="/],
  ];
  for (const [env, note] of notes) test(JSON.stringify(env), () => assert.match(notesOf(env), note));
});

test("imports the networks of network_internal.conf up to `deny all`", () => {
  const internalNetworks = { text: "# ours\nallow 10.0.0.0/8; allow fd00::/8;\ndeny all;\nallow 192.0.2.0/24;\n" };
  assert.deepEqual(targetOf({}, { internalNetworks }).nginx.internalNetworks, ["10.0.0.0/8", "fd00::/8"]);
  assert.equal(targetOf({}).nginx.internalNetworks, undefined);
});

describe("a network_internal.conf that cannot be applied allows no network and is reported", () => {
  const rows: readonly [file: { text: string } | { problem: string }, note: RegExp][] = [
    [{ problem: "cannot be read: EACCES" }, /cannot be read: EACCES/],
    [{ text: "" }, /it allows no network/],
    [{ text: "deny all;\nallow all;\n" }, /it allows no network/],
    [{ text: "allow 10.0.0.0/8\ndeny all;\n" }, /"allow 10\.0\.0\.0\/8 deny all"/],
    [{ text: "allow 10.0.0.0/8;\ndeny all\n" }, /"deny all" has no semicolon/],
    [{ text: "allow 10.0.0.0/99;\ndeny all;\n" }, /"allow 10\.0\.0\.0\/99"/],
    [{ text: "deny 10.1.0.0/16;\nallow 10.0.0.0/8;\ndeny all;\n" }, /"deny 10\.1\.0\.0\/16"/],
    [{ text: "satisfy any;\nallow 10.0.0.0/8;\ndeny all;\n" }, /"satisfy any"/],
    [{ text: "\u0001 garbage" }, /has no semicolon/],
  ];
  for (const [internalNetworks, note] of rows) {
    test(JSON.stringify(internalNetworks), () => {
      assert.deepEqual(targetOf({}, { internalNetworks }).nginx.internalNetworks, []);
      const notes = notesOf({}, { internalNetworks });
      assert.match(notes, note);
      assert.match(notes, /skipped: network_internal\.conf: .+; hosts with NETWORK_ACCESS=internal are closed/);
    });
  }
});

test("reads name servers from resolv.conf without those with a zone", () => {
  const found = nameservers(
    "# x\nnameserver 127.0.0.11\nnameserver fe80::1%eth0\noptions ndots:0\nnameserver fd00::53\n",
  );
  assert.deepEqual(found, ["127.0.0.11", "fd00::53"]);
  assert.deepEqual(targetOf({}, { resolvers: found }).nginx.resolvers, found);
});

test("imports the status page's port and networks", () => {
  assert.equal(configOf({}).statusPage, undefined);
  const { statusPage } = configOf({ SALLYPORT_STATUS_PORT: "8081", SALLYPORT_STATUS_ALLOW: "127.0.0.1, 10.0.0.0/8" });
  assert.deepEqual([statusPage?.listen, statusPage?.allow], [8_081, ["127.0.0.1", "10.0.0.0/8"]]);
});

test("SALLYPORT_ACME requests certificates, by DNS-01 with a hook, and needs nginx in the same container", () => {
  for (const env of [{}, { SALLYPORT_ACME: "off" }]) assert.equal(targetOf(env).https?.acme, undefined);
  const { https } = targetOf({ SALLYPORT_ACME: "on" });
  assert.deepEqual(https?.acme, { directory: "/run/sallyport/acme", dns: false });
  assert.equal(https?.challenges, "/run/sallyport/challenges");
  assert.ok(targetOf({ SALLYPORT_ACME: "on", SALLYPORT_ACME_HOOK: "/hook" }).https?.acme?.dns);
  const separate = importNginxProxy({ SALLYPORT_ACME: "on" }, {}, { ...LAYOUT, isSeparate: true });
  assert.match("problems" in separate ? separate.problems.join() : "", /^SALLYPORT_ACME: nginx in another container/);
});

test("finds a separate nginx by its label, which the policy discloses", () => {
  assert.deepEqual(configOf({}, {}, { isSeparate: true }).proxy, { label: "com.github.nginx-proxy.nginx-proxy.nginx" });
  const env = { NGINX_CONTAINER_LABEL: "edge", DOCKER_CONTAINER_FILTERS: "label=proxy=a" };
  const imported = importNginxProxy(env, {}, { ...LAYOUT, isSeparate: true });
  assert.ok(imported.kind === "imported");
  const policy = parsePolicy(imported.policy);
  assert.ok(!("problems" in policy));
  assert.ok(["edge", "proxy"].every((label) => policy.labels.includes(label)));
});

test("imports any environment or names the invalid variable", () => {
  const value = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: fc.constantFrom(..."\"'\n;{}#$: -[]&*!|>%@`,=ab09".split("")) }),
    fc.constantFrom("true", "0", "443", "www.example.org", "label=a=b,name=c", "10.0.0.1", "json", "off", "nohttp"),
  );
  const env = fc.dictionary(
    fc.constantFrom(
      ...NGINX_PROXY_VARIABLES,
      "SALLYPORT_STRICT",
      "SALLYPORT_STATUS_PORT",
      "SALLYPORT_STATUS_ALLOW",
      "SALLYPORT_ACME",
    ),
    value,
  );
  const files = fc.record({
    internalNetworks: fc.option(fc.record({ text: value }), { nil: undefined }),
    resolvers: fc.constant([]),
  });
  fc.assert(
    fc.property(env, files, (variables, found) => {
      const imported = importNginxProxy(variables, found, LAYOUT);
      if (imported.kind === "failed") {
        return assert.ok(imported.problems.every((problem) => /^[A-Z0-9_]+: [\x20-\x7e]+$/.test(problem)));
      }
      const config = parseConfig(imported.yaml, "made.yml");
      assert.ok(!("problems" in config), JSON.stringify(config));
      assert.ok(!("problems" in parsePolicy(imported.policy)));
    }),
    { numRuns: 2_000 },
  );
});
