import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { PERMISSIONS } from "../../renderer/routes/option.ts";
import { HOST_OPTIONS, PATH_OPTIONS, SERVER_OPTIONS } from "../../renderer/routes/options.ts";
import { ROUTE_NAMES } from "../../renderer/routes/claim.ts";
import { SSL_POLICIES } from "../../renderer/routes/ssl-policies.ts";

const page = readFileSync("docs/nginx-proxy.md", "utf8");
const rows = page.split("\n").filter((line) => line.startsWith("| "));

/** All that can be said of a container, as the code knows it. */
const options = [
  ...ROUTE_NAMES.map((place) => ({ ...place, needs: undefined })),
  ...[HOST_OPTIONS, PATH_OPTIONS, SERVER_OPTIONS].flatMap((rules) => Object.values(rules)),
] as { readonly env?: string; readonly label: string; readonly theirLabel?: string; readonly needs?: string }[];

/** What nginx-proxy reads from a container, from its own environment, and from files. */
const THEIRS = [
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

describe("docs/nginx-proxy.md", () => {
  for (const name of THEIRS) {
    test(`says what became of ${name}`, () => {
      assert.ok(
        rows.some((row) => row.split("|")[1]!.includes(`\`${name}`) || row.split("|")[1]!.includes(name + "`")),
      );
    });
  }
  for (const { env, label, theirLabel, needs } of options) {
    test(`is right about ${env ?? label}`, () => {
      const [, , verdict = "", ours = "", notes = ""] =
        rows.map((row) => row.split("|")).find((cells) => cells[1]!.includes(`\`${env ?? theirLabel}\``)) ?? [];
      if (env === undefined && theirLabel === undefined) return assert.ok(page.includes(`\`${label}\``));
      assert.equal(ours.trim(), `\`${label}\``);
      assert.equal(verdict.trim() === "permission", needs !== undefined);
      if (needs !== undefined) assert.ok(notes.includes(`\`${needs}\``));
    });
  }
  test("names the permissions there are", () => {
    for (const permission of PERMISSIONS) assert.ok(page.includes(`\`${permission}\``));
    assert.equal(Object.keys(SSL_POLICIES).length, 22);
  });
});
