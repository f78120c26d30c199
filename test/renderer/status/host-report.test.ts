import assert from "node:assert/strict";
import { test } from "node:test";
import { buildReport } from "../../../renderer/status/build-report.ts";
import { NginxRoutes } from "../../../renderer/targets/nginx-routes.ts";
import { Routing } from "../../../renderer/config/routing.ts";
import type { InventoryContainer } from "../../../renderer/inventory/inventory-change.ts";
import type { Container } from "../../../shared/snapshot.ts";
import { TargetProgress } from "../../../renderer/publish/target-progress.ts";
import { composeLabels } from "../../shared/compose-labels.ts";
import { container } from "../fake-agent.ts";

const env = { VIRTUAL_HOST: "demo.example" };
const onFront = (ipv4: string): Partial<Container> => ({ env, networks: [{ name: "front", ipv4 }] });
const knownBy = (agent: string, digit: string, changes: Partial<Container>): InventoryContainer => ({
  agent: `/${agent}.sock`,
  dockerHost: agent,
  container: container(digit, { startedAt: 7, labels: composeLabels("test"), ...changes }),
});

/** Returns the report on these containers by one target. */
function reportOf(known: readonly InventoryContainer[], progress = new TargetProgress("/x", () => undefined)) {
  const routes = new NginxRoutes(
    { containers: undefined, onlyExposed: false, routing: Routing.parse({}), listen: 8080 },
    { proxy: "host" },
  );
  routes.apply({ upserted: known, gone: [] });
  const target = { state: progress.state, routes: routes.table.routes, quarantined: [], filtered: [] };
  return buildReport({ agents: [], targets: [target], containers: known });
}

test("lists each upstream server with its container, health and start time", () => {
  const [host] = reportOf([
    knownBy("one", "a", { ...onFront("10.0.0.1"), health: "healthy" }),
    knownBy("two", "b", { env, networks: [{ name: "front", ipv6: "fd00::1" }], name: "b" }),
  ]).virtualHosts;
  const ages = { createdAt: 1, startedAt: 7 };
  assert.deepEqual(host?.paths[0]?.servers, [
    { endpoint: "10.0.0.1:80", container: "appa", dockerHost: "one", health: "healthy", ...ages },
    { endpoint: "[fd00::1]:80", container: "b", dockerHost: "two", health: "none", ...ages },
  ]);
});

test("distinguishes containers of the same name on two Docker hosts by address", () => {
  const [host] = reportOf([
    knownBy("one", "a", { ...onFront("10.0.0.1"), name: "web", health: "healthy" }),
    knownBy("two", "b", { ...onFront("10.0.0.2"), name: "web" }),
  ]).virtualHosts;
  assert.deepEqual(
    host?.paths[0]?.servers.map(({ endpoint, health }) => `${endpoint} ${health}`),
    ["10.0.0.1:80 healthy", "10.0.0.2:80 none"],
  );
});

test("lists the unavailable containers of a host with their reasons", () => {
  const report = reportOf([
    knownBy("one", "a", { ...onFront("10.0.0.1"), health: "unhealthy" }),
    knownBy("one", "b", { ...onFront("10.0.0.2"), state: "paused" }),
    knownBy("one", "c", { env: {} }),
  ]);
  assert.deepEqual(report.virtualHosts[0]?.unavailable, [
    {
      container: "appa",
      reason:
        "is unhealthy; see its log in `docker inspect`, or set the label `sallyport.health=ignored` to route it anyway",
    },
    { container: "appb", reason: "is paused; unpause it to route it" },
  ]);
});

test("lists the last ten publications of a target and repeated failures once", () => {
  const progress = new TargetProgress("/x", () => undefined);
  for (let generation = 1; generation <= 12; generation++)
    progress.isLive(`hash${generation}`, { durationMs: 1, changeToLiveMs: 1 }, generation);
  progress.troubled("rejected", "no");
  progress.troubled("rejected", "no");
  const { publications = [] } = reportOf([], progress).targets[0] ?? {};
  assert.deepEqual(
    publications.map(({ outcome, generation, sha256, error }) => `${outcome} ${generation} ${sha256 ?? error}`),
    ["rejected 12 no", ...[12, 11, 10, 9, 8, 7, 6, 5, 4].map((number) => `published ${number} hash${number}`)],
  );
});
