import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ROUTE_NAMES } from "../../../renderer/routes/claim.ts";
import { HOST_OPTIONS, PATH_OPTIONS, SERVER_OPTIONS } from "../../../renderer/routes/options.ts";
import { buildRoutes } from "../../../renderer/routes/route-table.ts";
import { SSL_POLICIES } from "../../../renderer/routes/ssl-policies.ts";
import type { Container } from "../../../shared/snapshot.ts";
import { container } from "../fake-agent.ts";
import { RULES } from "../nginx/options.ts";

/** What no place takes, with what would end a line on a terminal or in a file. */
const BAD = "a; b\n\u001b[31m";

const PORT = "not a port number from 1 to 65535";
const TRUTH = "neither true nor false";
const LEFT_OUT = "; it is left out";
const BALANCE = "not round-robin, least-conn, ip-hash, hash-address, hash-uri or random";
const HOST = "not a DNS name (letters, digits, dashes and dots)";

/** What is told of it, by the word of a place; and whether the container is set aside, or goes without. */
const SET_ASIDE: Readonly<Record<string, string>> = {
  host: HOST,
  port: PORT,
  path: "a path begins with /",
  proto: "not one of http, https, grpc, grpcs, fastcgi, uwsgi",
  multiports: "not YAML with a host a key",
};
const GOES_WITHOUT: Readonly<Record<string, string>> = {
  dest: "a path begins with /",
  "https-method": "not one of redirect, noredirect, nohttp, nohttps",
  certificate: "not the name of a file (letters, digits, dots and dashes)",
  "plain-without-certificate": TRUTH,
  "default-certificate": TRUTH,
  hsts: "not `off`, or max-age=SECONDS with maybe includeSubDomains and preload",
  "ssl-policy": `not one of ${Object.keys(SSL_POLICIES).join(", ")}`,
  "verify-client": "not one of on, off, optional, optional_no_ca",
  http2: TRUTH,
  http3: TRUTH,
  "non-get-redirect": "not one of 301, 302, 307, 308",
  "acme-challenge": "not true, false or legacy",
  "server-tokens": "not one of on, off, build",
  root: "not an absolute path of letters, digits, dots and dashes",
  "http-port": PORT,
  "https-port": PORT,
  "debug-endpoint": TRUTH,
  "redirect-from": HOST,
  "network-access": "not one of internal, external",
  balance: BALANCE,
  keepalive: "not auto, disabled, or a number up to 1000",
  timeout: "not a duration from 1s to 24h, such as 90s or 5m",
  "body-size": "not a size such as 512k, 20m or 1g",
  health: "not one of required, started, ignored",
  weight: "not a whole number from 1 to 1000",
  backup: TRUTH,
  "max-fails": "not a whole number from 0 to 1000",
  "fail-timeout": "not a duration from 1s to 1h, such as 90s or 5m",
};

interface Told {
  readonly fate: "set aside" | "goes without" | "not routed";
  readonly detail: string;
  readonly value: string | undefined;
}

/** All that is told of a container that says this. */
function told(
  env: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>> = {},
  changes: Partial<Container> = {},
): Told[] {
  const one = container("a", {
    name: "bad",
    env: { VIRTUAL_HOST: "bad.example", ...env },
    labels,
    networks: [{ name: "front", ipv4: "10.0.0.1" }],
    ports: [{ port: 80, proto: "tcp" }],
    ...changes,
  });
  const routes = buildRoutes([{ agent: "/a", host: "h", container: one }], RULES);
  assert.equal(routes.kind, "routes");
  const { quarantined, remarks, unrouted } = routes;
  const of = { "set aside": quarantined, "goes without": remarks, "not routed": unrouted };
  return Object.entries(of).flatMap(([fate, found]) =>
    found.map(({ name, detail, value }) => {
      assert.equal(name, "bad");
      return { fate: fate as Told["fate"], detail, value };
    }),
  );
}

const places = [
  ...ROUTE_NAMES,
  ...[HOST_OPTIONS, PATH_OPTIONS, SERVER_OPTIONS].flatMap((rules) => Object.values(rules)),
] as readonly { readonly env?: string; readonly label: string; readonly theirLabel?: string }[];

describe("one sentence tells of a bad value: where it stands, what can stand there, and what it costs", () => {
  for (const { env, label, theirLabel } of places.filter((place) => place.label !== "network")) {
    const labels = [
      `sallyport.${label}`,
      ...(theirLabel === undefined ? [] : [`com.github.nginx-proxy.nginx-proxy.${theirLabel}`]),
    ];
    const isSetAside = SET_ASIDE[label] !== undefined;
    const expected = (name: string): Told[] => [
      {
        fate: isSetAside ? "set aside" : "goes without",
        detail: `${name}: ${SET_ASIDE[label] ?? GOES_WITHOUT[label]}${isSetAside ? "" : LEFT_OUT}`,
        value: BAD,
      },
    ];
    if (env !== undefined) test(env, () => assert.deepEqual(told({ [env]: BAD }), expected(env)));
    for (const name of labels) test(name, () => assert.deepEqual(told({}, { [name]: BAD }), expected(name)));
  }

  test("sallyport.network", () => {
    const detail = "is not on the network that it names (its networks: front)";
    assert.deepEqual(told({}, { "sallyport.network": BAD }), [{ fate: "not routed", detail, value: BAD }]);
  });
});

describe("one sentence tells of a value that no line can hold, and so was withheld", () => {
  const withheld = (from: "env" | "label", name: string) =>
    told({}, {}, { refused: [{ from, name, reason: "value.charset" }] });
  for (const { env, label, theirLabel } of places) {
    const labels = [
      `sallyport.${label}`,
      ...(theirLabel === undefined ? [] : [`com.github.nginx-proxy.nginx-proxy.${theirLabel}`]),
    ];
    const isRoute = ROUTE_NAMES.some((place) => place.label === label);
    const expected = (name: string): Told[] => [
      {
        fate: isRoute ? "set aside" : "goes without",
        detail: `${name} was withheld: value.charset${isRoute ? "" : LEFT_OUT}`,
        value: undefined,
      },
    ];
    if (env !== undefined) test(env, () => assert.deepEqual(withheld("env", env), expected(env)));
    for (const name of labels) test(name, () => assert.deepEqual(withheld("label", name), expected(name)));
  }

  test("but not of what is nobody's here", () => {
    assert.deepEqual(withheld("env", "HOME"), []);
    assert.deepEqual(withheld("env", "sallyport.host"), []);
    assert.deepEqual(withheld("label", "VIRTUAL_HOST"), []);
  });
});

/** Shapes of VIRTUAL_HOST_MULTIPORTS, what is told, and the value that is at fault. */
const SHAPES: readonly [text: string, fate: Told["fate"], detail: string, value: string][] = [
  ["[]", "set aside", "not YAML with a host a key", "[]"],
  ["8080", "set aside", "not YAML with a host a key", "8080"],
  ["{", "set aside", "not YAML with a host a key", "{"],
  ["{}", "set aside", "names no host", "{}"],
  ["a.example: {/: {port: 80}", "set aside", "not YAML with a host a key", "a.example: {/: {port: 80}"],
  ["a.example:\na.example:", "set aside", "not YAML with a host a key", "a.example:\na.example:"],
  ["&a [*a]", "set aside", "not YAML with a host a key", "&a [*a]"],
  ["a.example: !!js/function x", "set aside", "a.example: neither empty nor paths", "x"],
  ["a;b:", "set aside", HOST, "a;b"],
  ["a.example: 5", "set aside", "a.example: neither empty nor paths", "5"],
  ["a.example: [1]", "set aside", "a.example: neither empty nor paths", "[1]"],
  ["a.example: {/: 5}", "set aside", "a.example /: neither empty nor port, proto, dest", "5"],
  ["a.example: {/: {port: x}}", "set aside", `a.example /: ${PORT}`, "x"],
  ["a.example: {/: {port: [1]}}", "set aside", `a.example /: ${PORT}`, "[1]"],
  ["a.example: {/: {port: 1e3}}", "goes without", "", ""],
  ["a.example: {x: }", "set aside", "a.example x: a path begins with /", "x"],
  [
    "a.example: {/: {prot: http}}",
    "goes without",
    "a.example /: prot is not port, proto or dest; it is left out",
    "prot",
  ],
  ["a.example: {/: {dest: x}}", "goes without", "a.example /: a path begins with /; it is left out", "x"],
  ["a.example: {/: {proto: x}}", "set aside", `a.example /: ${SET_ASIDE["proto"]}`, "x"],
  ["a.example: {external_http_port: x}", "goes without", `a.example: ${PORT}; external_http_port is left out`, "x"],
];
describe("one sentence tells of a bad shape of several ports", () => {
  for (const [text, fate, detail, value] of SHAPES) {
    test(JSON.stringify(text), () => {
      const expected = detail === "" ? [] : [{ fate, detail: `VIRTUAL_HOST_MULTIPORTS: ${detail}`, value }];
      assert.deepEqual(told({ VIRTUAL_HOST_MULTIPORTS: text }), expected);
    });
  }
});
