import assert from "node:assert/strict";
import { test } from "node:test";
import { reportOf, type TargetStatus } from "../../../renderer/status/build-report.ts";
import { NginxRoutes } from "../../../renderer/targets/nginx-routes.ts";
import { Routing } from "../../../renderer/config/nginx-target.ts";
import type { InventoryContainer } from "../../../renderer/inventory/inventory-change.ts";
import { container } from "../fake-agent.ts";

const STATE = {
  pending: false,
  problem: undefined,
  warning: undefined,
  publishedAt: undefined,
  generation: 1,
  liveHash: "x",
  publications: [],
};

/** How a target stands that takes the containers of these names. */
function standing(known: readonly InventoryContainer[], ...names: string[]): TargetStatus {
  const where = names.length === 0 ? [] : [{ name: names }];
  const routes = new NginxRoutes(
    { containers: { onlyPublished: false, where }, onlyExposed: false, routing: Routing.parse({}), listen: 8080 },
    { proxy: "host" },
  );
  routes.apply({ upserted: known, gone: [] });
  return {
    state: { destination: "/x", ...STATE },
    routes: routes.table.routes,
    leftOut: routes.leftOut,
    settings: undefined,
  };
}

const known = ["a", "b", "c"].map((digit): InventoryContainer => {
  const env: Record<string, string> =
    digit === "c" ? { VIRTUAL_HOST: "bad;host" } : { VIRTUAL_HOST: `${digit}.example` };
  return {
    agent: "/one.sock",
    host: "local",
    container: container(digit, { env, networks: [{ name: "front", ipv4: "10.0.0.9" }] }),
  };
});

test("of several targets all hosts are told, and only the containers that none routes", () => {
  const report = reportOf(
    [],
    [standing(known, "appb", "appc"), standing(known, "appc", "appb"), standing(known, "appb")],
  );
  assert.deepEqual(
    report.virtualHosts.map(({ host }) => host),
    ["b.example"],
  );
  assert.deepEqual(
    report.unrouted.map(({ name, reason }) => `${name} ${reason}`),
    ["appa not.selected"],
  );
  assert.deepEqual(
    report.quarantined.map(({ name, reason }) => `${name} ${reason}`),
    ["appc host.refused"],
  );
  const both = reportOf([], [standing(known, "appb"), standing(known, "appa")]);
  assert.deepEqual(
    both.virtualHosts.map(({ host }) => host),
    ["a.example", "b.example"],
  );
  assert.deepEqual(
    both.unrouted.map(({ name }) => name),
    ["appc"],
  );
});
