import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { PERMISSIONS } from "../../../renderer/routes/option.ts";
import { HOST_OPTIONS, PATH_OPTIONS, SERVER_OPTIONS } from "../../../renderer/routes/options.ts";
import { ROUTE_NAMES } from "../../../renderer/routes/route-request.ts";
import { SSL_POLICIES } from "../../../renderer/routes/ssl-policies.ts";
import { type RowTest, TESTS_OF_ROWS, TESTS_OF_THE_MODEL } from "./nginx-proxy-rows.ts";

const page = readFileSync("docs/reference/nginx-proxy.md", "utf8");
const rows = page.split("\n").filter((line) => line.startsWith("| "));

/** All options of containers in the code. */
const options = [
  ...ROUTE_NAMES.map((place) => ({ ...place, needs: undefined })),
  ...[HOST_OPTIONS, PATH_OPTIONS, SERVER_OPTIONS].flatMap((rules) => Object.values(rules)),
] as { readonly env?: string; readonly label: string; readonly nginxProxyLabel?: string; readonly needs?: string }[];

/** Everything that nginx-proxy reads from containers, its own environment, and files. */
const NGINX_PROXY_NAMES = [
  ..."VIRTUAL_HOST VIRTUAL_PORT VIRTUAL_PATH VIRTUAL_DEST VIRTUAL_PROTO VIRTUAL_ROOT VIRTUAL_HOST_MULTIPORTS".split(
    " ",
  ),
  ..."EXTERNAL_HTTP_PORT EXTERNAL_HTTPS_PORT CERT_NAME HTTPS_METHOD ENABLE_HTTP_ON_MISSING_CERT HSTS".split(" "),
  ..."SSL_POLICY NETWORK_ACCESS SERVER_TOKENS ACME_HTTP_CHALLENGE_LOCATION".split(" "),
  ..."loadbalance keepalive debug-endpoint http2.enable http3.enable non-get-redirect ssl_verify_client".split(" "),
  ..."trust-default-cert nginx DEFAULT_HOST DEFAULT_ROOT HTTP_PORT HTTPS_PORT NON_GET_REDIRECT TRUST_DEFAULT_CERT".split(
    " ",
  ),
  ..."ENABLE_HTTP2 ENABLE_HTTP3 ENABLE_IPV6 PREFER_IPV6_NETWORK ENABLE_PROXY_PROTOCOL TRUST_DOWNSTREAM_PROXY".split(
    " ",
  ),
  ..."RESOLVERS LOG_FORMAT LOG_FORMAT_ESCAPE LOG_JSON DISABLE_ACCESS_LOGS SHA1_UPSTREAM_NAME DHPARAM_BITS".split(" "),
  ..."DHPARAM_SKIP DEBUG_ENDPOINT ACME_HTTP_CHALLENGE_ACCEPT_UNKNOWN_HOST DOCKER_HOST".split(" "),
  ..."DOCKER_CONTAINER_FILTERS NGINX_CONTAINER_LABEL".split(" "),
  ..."certs/N.crt N.chain.pem V.ca.crt certs/default.crt htpasswd/V vhost.d/V V_location".split(" "),
  ..."V_location_override html/errors/50x.html proxy.conf network_internal.conf toplevel.conf.d".split(" "),
];

/** Rows about options that are not needed here or belong to nginx. */
const UNTESTED = ["SHA1_UPSTREAM_NAME", "DHPARAM_BITS", "DHPARAM_SKIP", "toplevel.conf.d", "conf.d/*.conf"];

const names = rows.flatMap((row) => [...row.split("|")[1]!.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name));

describe("docs/reference/nginx-proxy.md", () => {
  for (const name of NGINX_PROXY_NAMES) {
    test(`documents ${name}`, () => {
      assert.ok(
        rows.some((row) => row.split("|")[1]!.includes(`\`${name}`) || row.split("|")[1]!.includes(name + "`")),
      );
    });
  }
  for (const { env, label, nginxProxyLabel, needs } of options) {
    test(`matches the code for ${env ?? label}`, () => {
      const [, , support = "", ownLabel = "", notes = ""] =
        rows.map((row) => row.split("|")).find((cells) => cells[1]!.includes(`\`${env ?? nginxProxyLabel}\``)) ?? [];
      if (env === undefined && nginxProxyLabel === undefined) return assert.ok(page.includes(`\`${label}\``));
      assert.equal(ownLabel.trim(), `\`${label}\``);
      assert.equal(support.trim() === "permission", needs !== undefined);
      if (needs !== undefined) assert.ok(notes.includes(`\`${needs}\``));
    });
  }
  for (const name of new Set(names.filter((one) => !UNTESTED.includes(one)))) {
    test(`names a test with a real nginx for ${name}`, () => {
      const found = TESTS_OF_ROWS[name] ?? [];
      assert.ok(found.length > 0);
      for (const one of found) assertIsTest(one);
    });
  }
  test("names no test for a row that does not exist", () => {
    assert.deepEqual(
      Object.keys(TESTS_OF_ROWS).filter((name) => !names.includes(name)),
      [],
    );
  });
  test("names tests for behaviour without a row", () => {
    for (const one of TESTS_OF_THE_MODEL) assertIsTest(one);
  });
  test("names only keys that exist", () => {
    const named = [
      ...page.matchAll(/`((?:nginx|https|routing|proxy|listen|onlyExposed|containers)(?:\.[A-Za-z0-9]+)*)(?=[:` ])/g),
    ];
    assert.ok(named.length > 20);
    // nginx-proxy's file has the name of a key.
    for (const [, key = ""] of named)
      assert.ok(key === "proxy.conf" || isKey(key), `${key} is no key of the configuration`);
  });
  for (const row of rows.filter((one) => /^\| *(?:`[A-Z_]+`|label `)/.test(one) && one.split("|").length === 6)) {
    const [, theirName = "", support = "", ownLabel = ""] = row.split("|").map((cell) => cell.trim());
    test(`names the label that the code reads for ${theirName}`, () => {
      if (ownLabel === "") return assert.equal(support, "different");
      const [, name = ""] = /`([^`]+)`/.exec(theirName) ?? [];
      const found = options.find(({ env, nginxProxyLabel }) => env === name || nginxProxyLabel === name);
      assert.equal(found && `\`${found.label}\``, ownLabel);
    });
  }
  test("names all permissions", () => {
    for (const permission of PERMISSIONS) assert.ok(page.includes(`\`${permission}\``));
    assert.equal(Object.keys(SSL_POLICIES).length, 22);
  });
});

/** Whether the published schema has this key, in a target or at the top level. */
function isKey(key: string): boolean {
  const schema = JSON.parse(readFileSync("docs/renderer.schema.json", "utf8")) as Schema;
  return [schema.properties?.["targets"]?.items, schema].some(
    (top) => top !== undefined && hasKey(top, key.split(".")),
  );
}

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

function hasKey(schema: Schema, [key, ...rest]: readonly string[]): boolean {
  if (key === undefined) return true;
  const inside = [schema, ...(schema.anyOf ?? [])].flatMap(({ properties }) => properties?.[key] ?? []);
  return inside.some((one) => hasKey(one, rest));
}

/** Checks that the file has a test with this title, also from a table. */
function assertIsTest([file, title]: RowTest): void {
  const text = readFileSync(file, "utf8");
  assert.ok(text.includes(`"${title}"`) || text.includes(`\`${title}\``), `${file} has no test "${title}"`);
  assert.match(text, /NginxRig|writeNginxConfigs|nginx-unprivileged|Stack/, `${file} has no nginx`);
}
