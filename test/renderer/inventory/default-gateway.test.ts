import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { isIPv6 } from "node:net";
import { endianness } from "node:os";
import { describe, test } from "node:test";
import fc from "fast-check";
import { defaultGateway, ipv4Gateway, ipv6Gateway } from "../../../renderer/inventory/default-gateway.ts";
import { NginxRoutes } from "../../../renderer/targets/nginx-routes.ts";
import { parseConfig } from "../../../renderer/config/load.ts";
import type { Config } from "../../../renderer/config/schema.ts";
import type { IpAddress } from "../../../renderer/routes/grammar.ts";
import { container } from "../fake-agent.ts";
import { nginxTargetOf } from "../config/target-of.ts";

const HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT    \n";
const row = (gateway: string, { to = "00000000", flags = "0003", metric = 0, mask = "00000000" } = {}): string =>
  `eth0\t${to}\t${gateway}\t${flags}\t0\t0\t${metric}\t${mask}\t0\t0\t0     \n`;
const ZEROS = "0".repeat(32);
const row6 = (gateway: string, { to = ZEROS, length = "00", metric = "00000400", flags = "00000003" } = {}): string =>
  `${to} ${length} ${ZEROS} 00 ${gateway} ${metric} 00000002 00000000 ${flags}     eth0\n`;
test("the gateway is that of the default route, whatever other routes there are", () => {
  const text = HEAD + row("00000000", { to: "000011AC", flags: "0001", mask: "0000FFFF" }) + row("010011AC");
  assert.equal(ipv4Gateway(text, "LE"), "172.17.0.1");
  assert.equal(ipv4Gateway(HEAD + row("AC110001"), "BE"), "172.17.0.1");
});

test("of several default routes the one of the least metric counts", () => {
  assert.equal(
    ipv4Gateway(HEAD + row("010012AC", { metric: 600 }) + row("010011AC", { metric: 20 }), "LE"),
    "172.17.0.1",
  );
});

describe("there is no gateway", () => {
  const tables: readonly [what: string, ipv4: string][] = [
    ["without a table", ""],
    ["without a default route", HEAD + row("00000000", { to: "000011AC", flags: "0001", mask: "0000FFFF" })],
    ["where the default route leads to a link", HEAD + row("00000000", { flags: "0001" })],
    ["where the route is not in use", HEAD + row("010011AC", { flags: "0002" })],
    ["where half of everything leads there", HEAD + row("010011AC", { mask: "00000080" })],
    ["in what is no table", "0 0 0\n\n\u0000 x\n"],
  ];
  for (const [what, ipv4] of tables) test(what, () => assert.equal(ipv4Gateway(ipv4, "LE"), undefined));
  test("where all that leads there is link-local, or leads nowhere", () => {
    assert.equal(ipv6Gateway(row6("fe800000000000000000000000000001")), undefined);
    assert.equal(ipv6Gateway(row6(ZEROS, { flags: "00200200" })), undefined);
    assert.equal(ipv6Gateway(row6("fd000000000000000000000000000001", { flags: "00000203" })), undefined);
  });
});

test("IPv4 goes first, and IPv6 where it is alone or preferred", () => {
  const [ipv4, ipv6] = [HEAD + row("010011AC"), row6("fd000000000000000000000000000001")];
  const usual = endianness() === "LE" ? "172.17.0.1" : "1.0.17.172";
  assert.equal(defaultGateway(false, { ipv4, ipv6 }), usual);
  assert.equal(defaultGateway(true, { ipv4, ipv6 }), "fd00::1");
  assert.equal(defaultGateway(true, { ipv4, ipv6: "" }), usual);
  assert.equal(defaultGateway(false, { ipv4: "", ipv6 }), "fd00::1");
});

test("every address that a kernel may print is read back", () => {
  fc.assert(
    fc.property(fc.ipV4(), (address) => {
      const bytes = address.split(".").map((part) => Number(part).toString(16).padStart(2, "0"));
      assert.equal(ipv4Gateway(HEAD + row(bytes.toReversed().join("").toUpperCase()), "LE"), address);
      assert.equal(ipv4Gateway(HEAD + row(bytes.join("").toUpperCase()), "BE"), address);
    }),
  );
});

test("no text makes anything of it but an address", () => {
  fc.assert(
    fc.property(fc.string(), fc.string({ maxLength: 40 }), (text, word) => {
      for (const found of [ipv4Gateway(text + row(word)), ipv6Gateway(text + row6(word))])
        assert.ok(found === undefined || /^[0-9.]+$/.test(found) || isIPv6(found));
    }),
  );
});

test("what is read here is what ip(8) says of this machine", () => {
  const told = spawnSync("ip", ["-4", "route", "show", "default"], { encoding: "utf8" }).stdout;
  assert.equal(defaultGateway(false, { ipv6: "" }), /^default via ([0-9.]+)/.exec(told)?.[1]);
});

/** Where a container on the Docker host's own network is reached by a target with this routing; undefined if nowhere. */
function reachedAt(routing: string, proxy: Config["proxy"], gateway: IpAddress | undefined): string | undefined {
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
  ].map((one) => ({ agent: "a", host: "docker", container: one }));
  routes.apply({ upserted: [nginx!, app!], gone: [] });
  return routes.table.routes.virtualHosts[0]?.paths[0]?.servers[0]?.address;
}
const PROXY = "ab".repeat(32);

describe("a container on the Docker host's own network", () => {
  const gateway = "172.17.0.1" as IpAddress;
  test("is reached by the gateway when the renderer is in nginx's container", () => {
    assert.equal(reachedAt("{}", "self", gateway), gateway);
  });
  test("is reached by the gateway where the operator says so, whatever else tells which container is nginx", () => {
    assert.equal(reachedAt("{ hostAddress: gateway }", { label: "nginx" }, gateway), gateway);
  });
  test("is reached where the operator says, in any case", () => {
    assert.equal(reachedAt("{ hostAddress: 10.1.1.1 }", "self", gateway), "10.1.1.1");
  });
  test("is reached nowhere while nobody says where, for the renderer's gateway may not be nginx's", () => {
    assert.equal(reachedAt("{}", { label: "nginx" }, gateway), undefined);
    assert.equal(reachedAt("{}", "self", undefined), undefined);
  });
});
