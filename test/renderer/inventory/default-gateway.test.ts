import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { isIPv6 } from "node:net";
import { endianness } from "node:os";
import { describe, test } from "node:test";
import { fc } from "../../property.ts";
import { defaultGateway, ipv4Gateway, ipv6Gateway } from "../../../renderer/inventory/default-gateway.ts";
import { NginxRoutes } from "../../../renderer/targets/nginx-routes.ts";
import { parseConfig } from "../../../renderer/config/load.ts";
import type { Config } from "../../../renderer/config/schema.ts";
import { container } from "../fake-agent.ts";
import { nginxTargetOf } from "../config/target-of.ts";

const HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT    \n";
const row = (gateway: string, { to = "00000000", flags = "0003", metric = 0, mask = "00000000" } = {}): string =>
  `eth0\t${to}\t${gateway}\t${flags}\t0\t0\t${metric}\t${mask}\t0\t0\t0     \n`;
const ZEROS = "0".repeat(32);
const row6 = (gateway: string, { to = ZEROS, length = "00", metric = "00000400", flags = "00000003" } = {}): string =>
  `${to} ${length} ${ZEROS} 00 ${gateway} ${metric} 00000002 00000000 ${flags}     eth0\n`;
test("the gateway is that of the default route, regardless of other routes", () => {
  const text = HEAD + row("00000000", { to: "000011AC", flags: "0001", mask: "0000FFFF" }) + row("010011AC");
  assert.equal(ipv4Gateway(text, "LE"), "172.17.0.1");
  assert.equal(ipv4Gateway(HEAD + row("AC110001"), "BE"), "172.17.0.1");
});

test("of several default routes the one with the lowest metric is used", () => {
  assert.equal(
    ipv4Gateway(HEAD + row("010012AC", { metric: 600 }) + row("010011AC", { metric: 20 }), "LE"),
    "172.17.0.1",
  );
});

describe("returns no gateway", () => {
  const tables: readonly [what: string, ipv4: string][] = [
    ["for an empty table", ""],
    ["without a default route", HEAD + row("00000000", { to: "000011AC", flags: "0001", mask: "0000FFFF" })],
    ["for a default route to a link", HEAD + row("00000000", { flags: "0001" })],
    ["for a route that is down", HEAD + row("010011AC", { flags: "0002" })],
    ["for a route to half of all addresses", HEAD + row("010011AC", { mask: "00000080" })],
    ["for text that is not a table", "0 0 0\n\n\u0000 x\n"],
  ];
  for (const [what, ipv4] of tables) test(what, () => assert.equal(ipv4Gateway(ipv4, "LE"), undefined));
  test("for link-local and reject routes", () => {
    assert.equal(ipv6Gateway(row6("fe800000000000000000000000000001")), undefined);
    assert.equal(ipv6Gateway(row6(ZEROS, { flags: "00200200" })), undefined);
    assert.equal(ipv6Gateway(row6("fd000000000000000000000000000001", { flags: "00000203" })), undefined);
  });
});

test("IPv4 is preferred, IPv6 is used if it is the only one or preferred", () => {
  const [ipv4, ipv6] = [HEAD + row("010011AC"), row6("fd000000000000000000000000000001")];
  const gateway = endianness() === "LE" ? "172.17.0.1" : "1.0.17.172";
  assert.equal(defaultGateway(false, { ipv4, ipv6 }), gateway);
  assert.equal(defaultGateway(true, { ipv4, ipv6 }), "fd00::1");
  assert.equal(defaultGateway(true, { ipv4, ipv6: "" }), gateway);
  assert.equal(defaultGateway(false, { ipv4: "", ipv6 }), "fd00::1");
});

test("parses every address in the kernel's format", () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      const bytes = address.split(".").map((part) => Number(part).toString(16).padStart(2, "0"));
      assert.equal(ipv4Gateway(HEAD + row(bytes.toReversed().join("").toUpperCase()), "LE"), address);
      assert.equal(ipv4Gateway(HEAD + row(bytes.join("").toUpperCase()), "BE"), address);
    }),
  );
});

test("returns only addresses, for any text", () => {
  fc.assert(
    fc.property(fc.string(), fc.string({ maxLength: 40 }), (text, word) => {
      for (const found of [ipv4Gateway(text + row(word)), ipv6Gateway(text + row6(word))])
        assert.ok(found === undefined || /^[0-9.]+$/.test(found) || isIPv6(found));
    }),
  );
});

test("matches ip(8) on this machine", () => {
  const printed = spawnSync("ip", ["-4", "route", "show", "default"], { encoding: "utf8" }).stdout;
  assert.equal(defaultGateway(false, { ipv6: "" }), /^default via ([0-9.]+)/.exec(printed)?.[1]);
});

/** The address of a container on the Docker host's network, by the routing of a target. */
function reachedAt(routing: string, proxy: Config["proxy"], gateway: string | undefined): string | undefined {
  const config = parseConfig(
    `{ agents: [{ socket: /a.sock }], targets: [{ template: /t, destination: /d, reload: none, onlyExposed: false, routing: ${routing} }] }`,
    "c.yml",
  );
  assert.ok(!("problems" in config), JSON.stringify(config));
  const routes = new NginxRoutes(nginxTargetOf(config), { proxy }, { ownId: PROXY, gateway: () => gateway });
  const [nginx, app] = [
    container("a", {
      id: PROXY,
      env: {},
      name: "nginx",
      labels: { nginx: "" },
      networks: [{ name: "front", ipv4: "10.0.0.2" }],
    }),
    container("b", { env: { VIRTUAL_HOST: "app.example" }, networks: [{ name: "host" }] }),
  ].map((one) => ({ agent: "a", dockerHost: "docker", container: one }));
  routes.apply({ upserted: [nginx!, app!], gone: [] });
  return routes.table.routes.virtualHosts[0]?.paths[0]?.servers[0]?.address;
}
const PROXY = "ab".repeat(32);

describe("a container on the Docker host's network", () => {
  const gateway = "172.17.0.1";
  test("is reached at the gateway with `proxy: self`", () => {
    assert.equal(reachedAt("{}", "self", gateway), gateway);
  });
  test("is reached at the gateway with `hostAddress: gateway`, regardless of `proxy`", () => {
    assert.equal(reachedAt("{ hostAddress: gateway }", { label: "nginx" }, gateway), gateway);
  });
  test("is reached at `hostAddress`", () => {
    assert.equal(reachedAt("{ hostAddress: 10.1.1.1 }", "self", gateway), "10.1.1.1");
  });
  test("is not reached without `hostAddress` or gateway: the renderer's gateway may not be nginx's", () => {
    assert.equal(reachedAt("{}", { label: "nginx" }, gateway), undefined);
    assert.equal(reachedAt("{}", "self", undefined), undefined);
  });
});
