import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ROUTE_NAMES } from "../../../renderer/routes/route-request.ts";
import { HOST_OPTIONS, PATH_OPTIONS, SERVER_OPTIONS } from "../../../renderer/routes/options.ts";
import { buildRoutes } from "./build-routes.ts";
import { SSL_POLICIES } from "../../../renderer/routes/ssl-policies.ts";
import { asciiJson } from "../../../shared/log.ts";
import type { Container } from "../../../shared/snapshot.ts";
import { container } from "../fake-agent.ts";
import { RULES } from "../nginx/options.ts";

/** Invalid for every option, with characters that would break a line of a terminal or a file. */
const BAD = "a; b\n\u001b[31m";

const PORT = "not a port number from 1 to 65535";
const BOOLEAN = "not true or false";
const BALANCE = "not round-robin, least-conn, ip-hash, hash-address, hash-uri or random";
const HOST = "not a DNS name (letters, digits, dashes, underscores and dots)";
const PROTOCOL = "not one of http, https, grpc, grpcs, fastcgi, uwsgi";
const MULTIPORTS = "not a YAML mapping of host names";

const IGNORED = "correct or remove the option, which is ignored";
const CLOSED = "correct or remove it; until then nginx responds with 503 for the container's paths";
/** Options that restrict access: an invalid value closes the container's paths. */
const RESTRICTING = [
  "plain-without-certificate",
  "verify-client",
  "network-access",
  "allow",
  "passwords",
  "satisfy",
  "auth",
  "rate",
  "upstream-tls",
];
const KEY_IGNORED = "correct or remove the key, which is ignored";
const TO_ROUTE = "correct it to route the container";
const TO_ROUTE_ENTRY = "correct it to route the entry";
const AS_EXAMPLE = 'write it as in {"a.example": {"/": {"port": 8080}, "/api/": {"port": 9000}}}';

/** Problem and hint for each option that quarantines its container, by label. */
const QUARANTINES: Readonly<Record<string, readonly [problem: string, hint: string]>> = {
  host: [HOST, "correct it to route the host"],
  port: [PORT, TO_ROUTE],
  path: ["a path must begin with /", TO_ROUTE],
  proto: [PROTOCOL, TO_ROUTE],
  multiports: [MULTIPORTS, AS_EXAMPLE],
  enable: [BOOLEAN, TO_ROUTE],
};

/** Problem for each option that is ignored, by label. */
const IGNORES: Readonly<Record<string, string>> = {
  dest: "a path must begin with /",
  "https-method": "not one of redirect, noredirect, nohttp, nohttps",
  certificate: "not a file name (letters, digits, dots and dashes)",
  "plain-without-certificate": BOOLEAN,
  "default-certificate": BOOLEAN,
  hsts: "not `off`, or max-age=SECONDS with optional includeSubDomains and preload",
  "ssl-policy": `not one of ${Object.keys(SSL_POLICIES).join(", ")}`,
  "verify-client": "not one of on, off, optional, optional_no_ca",
  http2: BOOLEAN,
  http3: BOOLEAN,
  "non-get-redirect": "not one of 301, 302, 307, 308",
  "acme-challenge": "not true, false or legacy",
  "server-tokens": "not one of on, off, build",
  root: "not an absolute path of letters, digits, dots and dashes",
  "http-port": PORT,
  "https-port": PORT,
  "debug-endpoint": BOOLEAN,
  "redirect-from": HOST,
  "network-access": "not one of internal, external",
  balance: BALANCE,
  keepalive: "not auto, disabled, or a number up to 1000",
  timeout: "not a duration from 1s to 24h, such as 90s or 5m",
  "body-size": "not a size such as 512k, 20m or 1g",
  health: "not one of required, started, ignored",
  weight: "not an integer from 1 to 1000",
  backup: BOOLEAN,
  "max-fails": "not an integer from 0 to 1000",
  "fail-timeout": "not a duration from 1s to 1h, such as 90s or 5m",
  replica: BOOLEAN,
  acme: HOST,
  "acme-email": "not an e-mail address",
  "acme-test": BOOLEAN,
  "acme-ca": "not an https URL such as https://acme-v02.api.letsencrypt.org/directory",
  allow: "not addresses or networks such as 10.0.0.0/8, separated by commas, 100 at most",
  passwords: "not a name: a letter, then letters, digits and dashes, 32 at most",
  satisfy: "not one of all, any",
  auth: "not a name: a letter, then letters, digits and dashes, 32 at most",
  rate: "not a rate such as 10/s or 300/m",
  "rate-burst": "not an integer from 0 to 10000",
  "upstream-tls": "not a name: a letter, then letters, digits and dashes, 32 at most",
  headers: "not one of strict, off",
  cors: "not `*` or origins such as https://app.example.com, separated by commas, 50 at most",
  compress: BOOLEAN,
  retry: "not one of connect, status, off",
  "retry-tries": "not an integer from 1 to 100",
  sticky: "not one of cookie, off",
  "max-connections": "not an integer from 1 to 100000",
  endpoint: "not one of tasks, vip, dns",
};

interface Reported {
  readonly fate: "quarantined" | "remark" | "unrouted";
  readonly reason: string;
}

/** All diagnostics of a container with these settings. */
function reported(
  env: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>> = {},
  changes: Partial<Container> = {},
): Reported[] {
  const one = container("a", {
    name: "bad",
    env: { VIRTUAL_HOST: "bad.example", ...env },
    labels,
    networks: [{ name: "front", ipv4: "10.0.0.1" }],
    ports: [{ port: 80, proto: "tcp" }],
    ...changes,
  });
  const routes = buildRoutes([{ agent: "/a", dockerHost: "h", container: one }], RULES);
  assert.equal(routes.kind, "routes");
  const { quarantined, remarks: remark, unrouted } = routes;
  return Object.entries({ quarantined, remark, unrouted }).flatMap(([fate, messages]) =>
    messages.map(({ container: name, reason, redacted = reason }) => {
      assert.equal(name, "bad");
      assert.match(reason, /^[\x20-\x7e]+$/);
      assert.ok(!redacted.includes(asciiJson(BAD)));
      return { fate: fate as Reported["fate"], reason };
    }),
  );
}

const options = [
  ...ROUTE_NAMES,
  ...[HOST_OPTIONS, PATH_OPTIONS, SERVER_OPTIONS].flatMap((rules) => Object.values(rules)),
] as readonly { readonly env?: string; readonly label: string; readonly nginxProxyLabel?: string }[];

function labelsOf({ label, nginxProxyLabel }: (typeof options)[number]): string[] {
  const own = `sallyport.${label}`;
  return nginxProxyLabel === undefined ? [own] : [own, `com.github.nginx-proxy.nginx-proxy.${nginxProxyLabel}`];
}

describe("an invalid value is reported with its option, the escaped value, the problem and a hint", () => {
  for (const option of options.filter(({ label }) => label !== "network")) {
    const { env, label } = option;
    const [problem, hint] = QUARANTINES[label] ?? [IGNORES[label], RESTRICTING.includes(label) ? CLOSED : IGNORED];
    const expected = (name: string): Reported[] => [
      {
        fate: QUARANTINES[label] === undefined ? "remark" : "quarantined",
        reason: `${name}: invalid value ${asciiJson(BAD)}: ${problem}; ${hint}`,
      },
    ];
    if (env !== undefined) test(env, () => assert.deepEqual(reported({ [env]: BAD }), expected(env)));
    for (const name of labelsOf(option))
      test(name, () => assert.deepEqual(reported({}, { [name]: BAD }), expected(name)));
  }

  test("sallyport.network", () => {
    const problem = "the container is not on this network (its networks: front)";
    const reason = `sallyport.network: invalid value ${asciiJson(BAD)}: ${problem}; attach it to the network, or correct the label`;
    assert.deepEqual(reported({}, { "sallyport.network": BAD }), [{ fate: "unrouted", reason }]);
  });
});

test("a long value is cut in the reason", () => {
  const [{ reason } = { reason: "" }] = reported({ VIRTUAL_PORT: "x".repeat(4_000) });
  assert.match(reason, /"x{200}\\u2026": not a port/);
  assert.ok(reason.length < 400);
});

describe("a value that the agent withheld is reported as a sentence, without the contract's code", () => {
  const withheld = (
    from: "env" | "label",
    name: string,
    reason: Container["refused"][number]["reason"] = "value.charset",
  ) => reported({}, {}, { refused: [{ from, name, reason }] });
  for (const option of options) {
    const { env, label } = option;
    const isRoute = ROUTE_NAMES.some((one) => one.label === label);
    const expected = (name: string): Reported[] => [
      {
        fate: isRoute ? "quarantined" : "remark",
        reason: `${name}: the agent withheld the value because it contains control or invisible characters; remove them`,
      },
    ];
    if (env !== undefined) test(env, () => assert.deepEqual(withheld("env", env), expected(env)));
    for (const name of labelsOf(option)) test(name, () => assert.deepEqual(withheld("label", name), expected(name)));
  }

  test("a label that is probably a misspelled option", () => {
    const hint = "correct or remove the label, or list it in `labels` of the agent's policy";
    for (const [name, reason] of [
      ["sallyport.prt", `sallyport.prt: is not an option, but sallyport.port is; ${hint}`],
      ["sallyport.zzzzzzzzzz", `sallyport.zzzzzzzzzz: is not an option; ${hint}`],
      [
        "sallyport.network-acess",
        `sallyport.network-acess: is not an option, but sallyport.network-access is; ${CLOSED}`,
      ],
    ] as const)
      assert.deepEqual(withheld("label", name, "name.unknown"), [{ fate: "remark", reason }]);
  });

  test("a label that is not an option", () => {
    const reason =
      "com.example.notes: the agent withheld the value because it looks like a password, a key or a token; remove the secret, or list the name in `force` of the agent's policy";
    assert.deepEqual(withheld("label", "com.example.notes", "value.secret"), [{ fate: "remark", reason }]);
  });

  test("names above the limit, by one of those that are no options", () => {
    const names = ["COLOR", "VIRTUAL_PORT", "SIZE"];
    const refused = names.map((name) => ({ from: "env" as const, name, reason: "container.names" as const }));
    const reason =
      "the agent withheld the value because the container discloses more than 64 names; remove some, or disclose fewer of them";
    assert.deepEqual(reported({}, {}, { refused }), [{ fate: "quarantined", reason: `VIRTUAL_PORT: ${reason}` }]);
    assert.deepEqual(reported({}, {}, { refused: refused.filter(({ name }) => name !== "VIRTUAL_PORT") }), [
      { fate: "remark", reason: `COLOR: ${reason}` },
    ]);
  });

  test("every code has its own sentence", () => {
    const reasons = (["value.length", "value.charset", "container.size"] as const).map(
      (code) => withheld("env", "VIRTUAL_HOST", code)[0]?.reason ?? "",
    );
    assert.equal(new Set(reasons).size, 3);
    for (const reason of reasons) assert.match(reason, /^VIRTUAL_HOST: the agent withheld the value because .+; .+/);
    assert.doesNotMatch(reasons.join(), /value\.|container\.size/);
  });

  test("variables and labels that are no options are not reported", () => {
    assert.deepEqual(withheld("env", "HOME"), []);
    assert.deepEqual(withheld("env", "sallyport.host"), []);
    assert.deepEqual(withheld("label", "VIRTUAL_HOST"), []);
  });
});

/** Values of VIRTUAL_HOST_MULTIPORTS with the outcome; no problem means no report. */
const DOCUMENTS: readonly [
  text: string,
  fate: Reported["fate"],
  place: string,
  value: string,
  problem: string,
  hint?: string,
][] = [
  ["[]", "quarantined", "", "[]", MULTIPORTS, AS_EXAMPLE],
  ["8080", "quarantined", "", "8080", MULTIPORTS, AS_EXAMPLE],
  ["{", "quarantined", "", "{", MULTIPORTS, AS_EXAMPLE],
  ["{}", "quarantined", "", "{}", "contains no host name"],
  ["a.example: {/: {port: 80}", "quarantined", "", "a.example: {/: {port: 80}", MULTIPORTS, AS_EXAMPLE],
  ["a.example:\na.example:", "quarantined", "", "a.example:\na.example:", MULTIPORTS, AS_EXAMPLE],
  ["&a [*a]", "quarantined", "", "&a [*a]", MULTIPORTS, AS_EXAMPLE],
  ["a.example: !!js/function x", "quarantined", "a.example: ", "x", "not a mapping of paths"],
  ["a;b:", "quarantined", "", "a;b", "names are separated by commas", "write a,b"],
  [
    "a.example:\n\t/:",
    "quarantined",
    "",
    "a.example:\n\t/:",
    "not YAML, which permits no tabs at the beginning of a line",
    AS_EXAMPLE,
  ],
  ["a.example: 5", "quarantined", "a.example: ", "5", "not a mapping of paths"],
  ["a.example: [1]", "quarantined", "a.example: ", "[1]", "not a mapping of paths"],
  ["a.example: {/: 5}", "quarantined", "a.example: /: ", "5", "not a mapping of port, proto and dest"],
  ["a.example: {/: {port: x}}", "quarantined", "a.example: /: ", "x", PORT],
  ["a.example: {/: {port: [1]}}", "quarantined", "a.example: /: ", "[1]", PORT],
  ["a.example: {/: {port: 1e3}}", "remark", "", "", ""],
  ["a.example: {x: }", "quarantined", "a.example: ", "x", "a path must begin with /"],
  [
    "a.example: {/: {prot: http}}",
    "remark",
    "a.example: /: ",
    "prot",
    "not a key of a path (port, proto, dest)",
    KEY_IGNORED,
  ],
  ["a.example: {/: {dest: x}}", "remark", "a.example: /: ", "x", "a path must begin with /", KEY_IGNORED],
  ["a.example: {/: {proto: x}}", "quarantined", "a.example: /: ", "x", PROTOCOL],
  ["a.example: {external_http_port: x}", "remark", "a.example: external_http_port: ", "x", PORT, KEY_IGNORED],
];
describe("an invalid VIRTUAL_HOST_MULTIPORTS is reported with the place in the document", () => {
  for (const [text, fate, place, value, problem, hint = TO_ROUTE_ENTRY] of DOCUMENTS) {
    test(JSON.stringify(text), () => {
      const reason = `VIRTUAL_HOST_MULTIPORTS: ${place}invalid value ${asciiJson(value)}: ${problem}; ${hint}`;
      assert.deepEqual(reported({ VIRTUAL_HOST_MULTIPORTS: text }), problem === "" ? [] : [{ fate, reason }]);
    });
  }
});

test("a container that the agent could not inspect is reported with Docker's response", () => {
  const problem = "Docker responded with an error: 403";
  const one = container("a", { unread: true, env: {}, problem });
  const routes = buildRoutes([{ agent: "/a", dockerHost: "h", container: one }], RULES);
  assert.match(JSON.stringify(routes), /could not inspect the container \(Docker responded with an error: 403\)/);
});
