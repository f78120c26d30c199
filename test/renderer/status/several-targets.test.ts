import assert from "node:assert/strict";
import { test } from "node:test";
import { buildReport, type TargetStatus } from "../../../renderer/status/build-report.ts";
import { NginxRoutes } from "../../../renderer/targets/nginx-routes.ts";
import { Routing } from "../../../renderer/config/routing.ts";
import type { InventoryContainer } from "../../../renderer/inventory/inventory-change.ts";
import { container } from "../fake-agent.ts";

const STATE = {
  pending: false,
  error: undefined,
  warning: undefined,
  publishedAt: undefined,
  generation: 1,
  sha256: "x",
  publications: [],
};

/** Returns the status of an nginx target that selects the containers of these names. */
function targetOf(known: readonly InventoryContainer[], ...names: string[]): TargetStatus {
  const where = names.length === 0 ? [] : [{ name: names }];
  const routes = new NginxRoutes(
    { containers: { onlyPublished: false, where }, onlyExposed: false, routing: Routing.parse({}), listen: 8080 },
    { proxy: "host" },
  );
  routes.apply({ upserted: known, gone: [] });
  return {
    state: { destination: "/x", ...STATE },
    routes: routes.table.routes,
    quarantined: routes.table.routes.quarantined,
    filtered: routes.filtered,
  };
}

const known = ["a", "b", "c"].map((digit): InventoryContainer => {
  const env: Record<string, string> =
    digit === "c" ? { VIRTUAL_HOST: "bad;host" } : { VIRTUAL_HOST: `${digit}.example` };
  return {
    agent: "/one.sock",
    dockerHost: "local",
    container: container(digit, { env, networks: [{ name: "front", ipv4: "10.0.0.9" }] }),
  };
});

const reportOf = (...targets: readonly TargetStatus[]) => buildReport({ agents: [], targets });

test("lists the hosts of all targets", () => {
  const { virtualHosts } = reportOf(targetOf(known, "appb"), targetOf(known, "appa"));
  assert.deepEqual(
    virtualHosts.map(({ host }) => host),
    ["a.example", "b.example"],
  );
});

test("lists a container as unrouted only if no target routes it, and as filtered for each target that excludes it", () => {
  const plain = [{ ...known[0]!, container: { ...known[0]!.container, env: {} } }, ...known.slice(1)];
  const names = (list: readonly { readonly name: string }[]): string[] => list.map(({ name }) => name);
  const report = reportOf(targetOf(plain, "appa", "appb"), targetOf(plain, "appb", "appc"));
  assert.deepEqual(names(report.unrouted), ["appa"]);
  assert.deepEqual(names(report.filtered), ["appc", "appa"]);
  assert.deepEqual(
    report.quarantined.map(({ name, code }) => `${name} ${code}`),
    ["appc host.refused"],
  );
  assert.deepEqual(names(reportOf(targetOf(plain, "appb"), targetOf(known)).unrouted), []);
});

test("gives the reason of every target that cannot route a container", () => {
  const one = { ...known[0]!, container: { ...known[0]!.container, networks: [], state: "paused" as const } };
  const never = { ...one, container: { ...one.container, state: "created" as const } };
  const at = (target: TargetStatus, destination: string) => ({ ...target, state: { ...target.state, destination } });
  const agreed = reportOf(at(targetOf([never]), "/a"), at(targetOf([never]), "/b")).unrouted;
  assert.deepEqual(
    agreed.map(({ reason }) => reason),
    ["is created; start it to route it"],
  );
  const routes = targetOf([one]);
  const [entry] = targetOf([never]).routes!.unrouted;
  const other = { ...routes, routes: { ...routes.routes!, unrouted: [{ ...entry!, reason: "is on no network" }] } };
  const differing = reportOf(at(targetOf([never]), "/a"), at(other, "/b")).unrouted;
  assert.deepEqual(
    differing.map(({ reason }) => reason),
    ["/a: is created; start it to route it", "/b: is on no network"],
  );
});
