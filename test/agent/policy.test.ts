import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as z from "zod";
import { Inspected, ListEntry, type Observed } from "../../agent/observed.ts";
import { defaultPolicy, discloses, isSecretValue, parsePolicy, type Policy, PolicyFile } from "../../agent/policy.ts";
import { sanitize } from "../../agent/sanitize.ts";
import { namesOf, type OptionNames } from "../../renderer/routes/option.ts";
import { HOST_OPTIONS, PATH_OPTIONS, SERVER_OPTIONS } from "../../renderer/routes/options.ts";
import { ROUTE_NAMES, STREAM_NAMES } from "../../renderer/routes/route-request.ts";
import { Container, MAX_PAIRS, MAX_PORTS } from "../../shared/snapshot.ts";
import { parseConfig, refusedVariables } from "../../agent/config.ts";

test("the published schema matches the code", () => {
  const published: unknown = JSON.parse(readFileSync("docs/policy.schema.json", "utf8"));
  assert.deepEqual(published, JSON.parse(JSON.stringify(z.toJSONSchema(PolicyFile, { io: "input" }))));
});

test("the default policy discloses exactly the names that the renderer reads", () => {
  const options: OptionNames[] = [HOST_OPTIONS, PATH_OPTIONS, SERVER_OPTIONS].flatMap((rules) => Object.values(rules));
  const read = (from: "env" | "label") =>
    [...ROUTE_NAMES, ...STREAM_NAMES, ...options].flatMap((names) => namesOf(names, from));
  const others = [
    "sallyport.proxy",
    ...["project", "service", "oneoff", "config-hash", "container-number"].map((name) => `com.docker.compose.${name}`),
  ];
  const { env, labels } = defaultPolicy();
  assert.deepEqual(env.toSorted(), [...new Set(read("env"))].toSorted());
  assert.deepEqual(labels.toSorted(), [...new Set([...read("label"), ...others])].toSorted());
  // A container can set every option, each by one of its labels. Further ones are withheld, which closes its paths.
  const own = labels.filter((name) => !name.startsWith("com.github.nginx-proxy."));
  for (const names of [env, own]) assert.ok(names.length <= MAX_PAIRS, String(names.length));
  for (const name of env) assert.ok(discloses(defaultPolicy(), "env", name), name);
  for (const name of labels) assert.ok(discloses(defaultPolicy(), "label", name), name);
});

test("the default policy withholds other names with the same prefixes", () => {
  const policy = defaultPolicy();
  const env = [
    "VIRTUAL_DB_PWD",
    "VIRTUAL_COOKIE",
    "VIRTUAL_HOST_PASSWORD",
    "ACME_EAB_HMAC",
    "ACME_PRE_HOOK",
    "LETSENCRYPT_DB_URL",
    "LETSENCRYPT_KEYSIZE",
    "PATH",
    "XVIRTUAL_HOST",
    "virtual_host",
  ];
  const labels = ["sallyport.db.pwd", "sallyport.hostx", "com.docker.compose.project.config_files"];
  for (const name of env) assert.ok(!discloses(policy, "env", name), name);
  for (const name of labels) assert.ok(!discloses(policy, "label", name), name);
});

test("a policy discloses further names for templates, except those of secrets", () => {
  const policy = parsePolicy('{"env":["LETSENCRYPT_*"],"labels":["sallyport.team"]}');
  assert.ok(!("problems" in policy));
  const names = ["LETSENCRYPT_HOST", "LETSENCRYPT_EMAIL", "LETSENCRYPT_EAB_HMAC", "LETSENCRYPT_DB_PWD"];
  assert.deepEqual(
    names.map((name) => discloses(policy, "env", name)),
    [true, true, false, false],
  );
  assert.ok(discloses(policy, "label", "sallyport.team"));
});

const SECRETS = [
  "postgres://u:p@db/app",
  "https://:hunter2@a.example",
  "https://ghp_0123456789abcdef0123456789abcdef0123@github.com/x",
  "a.example?password=hunter2",
  "host=db PASSWORD=hunter2",
  "x; api_key=hunter2",
  "Bearer hunter2hunter2",
  "Basic dXNlcjpodW50ZXIy",
  "admin:$apr1$ruca84Hq$mbjdMZBAG.KWn7vfN",
  "$2y$05$hunter2",
  "-----BEGIN RSA PRIVATE KEY----- hunter2",
  "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJodW50ZXIyIn0.c2ln",
  "AKIAIOSFODNN7EXAMPLE",
  "sk_live_0123456789abcdef0123",
];
const HARMLESS = [
  "sk-mycompany-website-name.example",
  "eyjafjallajokull-volcano.example",
  "akia-shop.example,xoxo-boutique-website.example",
  "~^(www|api)\\.shop\\.example$",
  "~* ^/token/(?<id>[0-9]+)$",
  "/secret/password/",
  "max-age=31536000; includeSubDomains",
  "hash $cookie_token consistent",
  'a@b.example: { "/token": { port: 80, dest: "/x" } }',
  "http://a.example/@scope",
];

test("withholds values that look like a secret, with the reason, and no host name or path", () => {
  const policy = defaultPolicy();
  for (const name of ["VIRTUAL_HOST", "SERVER_TOKENS", "VIRTUAL_DEST"]) {
    for (const value of SECRETS) assert.equal(refusalOf({ env: { [name]: value } }), "value.secret", value);
    for (const value of HARMLESS) assert.equal(refusalOf({ env: { [name]: value } }), undefined, value);
  }
  const forced = parsePolicy('{"force":["VIRTUAL_DEST"]}');
  assert.ok(!("problems" in forced));
  assert.ok(isSecretValue(policy, "VIRTUAL_DEST", SECRETS[0]!) && !isSecretValue(forced, "VIRTUAL_DEST", SECRETS[0]!));
});

test("discloses the name, but not the value, of a label that is probably a misspelled option", () => {
  const container = sanitized({ labels: { "sallyport.network-acess": "hunter2", "app.network-acess": "1" } });
  assert.deepEqual(container?.refused, [{ from: "label", name: "sallyport.network-acess", reason: "name.unknown" }]);
  assert.ok(!JSON.stringify(container).includes("hunter2"));
  const nothing = parsePolicy('{"extends":"nothing"}');
  assert.ok(!("problems" in nothing));
  assert.deepEqual(sanitized({ labels: { "sallyport.x": "1" } }, nothing)?.refused, []);
});

test("other labels cannot crowd out an option", () => {
  const others = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`sallyport.a${index}`, "x"]));
  const policy = parsePolicy('{"labels":["sallyport.*"]}');
  assert.ok(!("problems" in policy));
  for (const each of [defaultPolicy(), policy]) {
    const container = sanitized({ labels: { ...others, "sallyport.network-access": "internal" } }, each);
    assert.equal(container?.labels["sallyport.network-access"], "internal");
    assert.ok(Container.safeParse(container).success);
    assert.ok((container?.refused.length ?? 0) > 0);
  }
});

function refusalOf(values: { env: Record<string, string> }): string | undefined {
  return sanitized(values)?.refused[0]?.reason;
}

function sanitized(values: Partial<Observed>, policy: Policy = defaultPolicy()): Container | undefined {
  const row = { Id: "a".repeat(64), Created: 1, Names: ["/app"] };
  return sanitize({ ...ListEntry.parse(row), ...values }, policy, new Set());
}

test("discloses a secret-looking name only if it is forced by its exact name", () => {
  const text = JSON.stringify({ extends: "nothing", env: ["APP_*"], force: ["APP_TOKEN"] });
  const policy = parsePolicy(text);
  assert.ok(!("problems" in policy));
  assert.deepEqual(
    ["APP_X", "APP_TOKEN", "APP_TOKEN2"].map((name) => discloses(policy, "env", name)),
    [true, true, false],
  );
});

test("reports every problem of a policy file with the nearest key", () => {
  const problems = (text: string) => (parsePolicy(text) as { problems?: string[] }).problems?.join("\n") ?? "";
  assert.match(problems('{"enviroment":[]}'), /unknown key "enviroment"/);
  assert.match(problems('{"label":[]}'), /did you mean "labels"/);
  assert.match(problems('{"only":{"project":[]}}'), /did you mean "projects"/);
  assert.match(problems('{"env":["A*B"]}'), /env\.0/);
  assert.match(problems("{"), /not valid JSON/);
});

test("rejects environment variables that could redirect the agent or make it disclose data", () => {
  const names = [
    "DOCKER_HOST",
    "DEBUG",
    "NODE_OPTIONS",
    "NODE_DEBUG",
    "NODE_DEBUG_NATIVE",
    "NODE_PATH",
    "NODE_REDIRECT_WARNINGS",
    "NODE_V8_COVERAGE",
    "https_proxy",
    "DOCKER_TLS_VERIFY",
    "DOCKER_\nX",
    // Of compose.yml; nothing in the agent reads it.
    "DOCKER_SOCKET",
    "PATH",
    "HOME",
    "npm_config_proxy",
  ];
  const refused = refusedVariables(names).map((problem) => /"([^"]*)"/.exec(problem)?.[1]);
  assert.deepEqual(refused, [
    "DOCKER_HOST",
    "DEBUG",
    "NODE_OPTIONS",
    "NODE_DEBUG",
    "NODE_DEBUG_NATIVE",
    "NODE_PATH",
    "NODE_REDIRECT_WARNINGS",
    "NODE_V8_COVERAGE",
    "https_proxy",
    "DOCKER_TLS_VERIFY",
    "DOCKER_\\nX",
  ]);
});

test("reports every invalid option with its value and a hint", () => {
  const problems = (...args: string[]) => (parseConfig(args) as { problems?: string[] }).problems?.join("\n") ?? "";
  assert.match(problems("--sockt", "/x"), /unknown option "--sockt"; did you mean --socket\?/);
  assert.match(problems("--socket", `/${"x".repeat(107)}`), /108 bytes, but the path of a Unix socket has at most 107/);
  assert.match(problems("--socket", "relative"), /absolute path/);
  assert.match(problems("--audit-failure", "ignore"), /must be halt or degrade/);
  assert.match(problems("--relist", "0"), /--relist "0": must be a whole number of at least 1/);
  assert.match(problems("--user", "0:0"), /--user "0:0": must be UID or UID:GID, each a whole number of at least 1/);
  assert.match(problems("--host", "a b"), /--host "a b": must be at most 64 letters/);
  assert.match(problems("--constructor", "x"), /unknown option "--constructor"/);
  assert.match(problems("--exit-when-refused=no"), /--exit-when-refused "no": takes no value/);
  assert.match(problems("extra"), /unexpected argument "extra"/);
  assert.match(problems("--policy"), /--policy requires a value/);
});

test("replaces line breaks and tabs in values by blanks, and keeps them where a value has lines", () => {
  const disclosed = sanitized({
    env: { VIRTUAL_HOST: "a.example,\n\tb.example\r\n", HTTPS_METHOD: "noredirect\r", CERT_NAME: "a\u0007" },
    labels: { "sallyport.multiports": "a.example:\r\n  /: {}\n" },
  });
  assert.deepEqual(disclosed?.env, { VIRTUAL_HOST: "a.example,  b.example  ", HTTPS_METHOD: "noredirect " });
  assert.deepEqual(disclosed?.labels, { "sallyport.multiports": "a.example:\n  /: {}\n" });
  assert.deepEqual(disclosed?.refused, [{ from: "env", name: "CERT_NAME", reason: "value.charset" }]);
  assert.ok(Container.safeParse(disclosed).success);
});

test("a value that contains line breaks is still the image's", () => {
  const row = { Id: "a".repeat(64), Created: 1, Names: ["/app"] };
  const observed = { ...ListEntry.parse(row), env: { VIRTUAL_PORT: "80\n" } };
  const container = sanitize(observed, defaultPolicy(), new Set(["env VIRTUAL_PORT=80\n"]));
  assert.deepEqual(container?.fromImage.env, ["VIRTUAL_PORT"]);
});

test("discloses the name of a variable or label that differs from an option in case and punctuation only", () => {
  const values = {
    virtual_host: "hunter2",
    VIRTUALHOST: "hunter2",
    VIRTUAL_HOSTS: "hunter2",
    VIRTUAL_DB_PWD: "hunter2",
  };
  const container = sanitized({ env: values, labels: { VIRTUAL_PORT: "hunter2", "com.example": "hunter2" } });
  assert.deepEqual(
    container?.refused.map(({ from, name, reason }) => `${from} ${name} ${reason}`),
    [
      "env VIRTUALHOST name.unknown",
      "env VIRTUAL_HOSTS name.unknown",
      "env virtual_host name.unknown",
      "label VIRTUAL_PORT name.unknown",
    ],
  );
  assert.ok(!JSON.stringify(container).includes("hunter2"));
});

const INSPECTED = {
  Id: "a".repeat(64),
  Name: "/app",
  Created: "2026-01-01T00:00:00Z",
  State: { Status: "running", StartedAt: "2026-01-01T00:00:00Z" },
  Config: {},
  NetworkSettings: {},
};

test("keeps the TCP ports of a container that exposes more ports than the limit, and counts the others", () => {
  const udp = Array.from({ length: 2_001 }, (_, index) => [`${2_000 + index}/udp`, {}]);
  const ExposedPorts = { ...Object.fromEntries(udp), "8000/tcp": {} };
  const { ports, unlistedPorts } = Inspected.parse({ ...INSPECTED, Config: { ExposedPorts } });
  assert.deepEqual(
    [ports[0], ports.length, unlistedPorts],
    [{ port: 8_000, proto: "tcp" }, MAX_PORTS, 2_002 - MAX_PORTS],
  );
});

test("reads the container whose network is used, the health check and whether Docker restarts it", () => {
  const HostConfig = { NetworkMode: `container:${"b".repeat(64)}`, RestartPolicy: { Name: "unless-stopped" } };
  const Healthcheck = { Interval: 300_000_000_000 };
  const State = { ...INSPECTED.State, Health: { Status: "starting" } };
  const read = Inspected.parse({ ...INSPECTED, HostConfig, State, Config: { Healthcheck } });
  const started = Date.parse(INSPECTED.State.StartedAt);
  assert.equal(read.joins, "b".repeat(64));
  assert.equal(read.restarts, true);
  assert.deepEqual(read.healthCheck, { everyMs: 300_000, firstAt: started + 300_000 });
  const own = Inspected.parse({ ...INSPECTED, HostConfig: { NetworkMode: "bridge" } });
  assert.deepEqual([own.joins, own.restarts, own.healthCheck], [undefined, false, undefined]);
});
