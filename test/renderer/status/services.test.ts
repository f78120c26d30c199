import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Routing } from "../../../renderer/config/routing.ts";
import type { InventoryContainer } from "../../../renderer/inventory/inventory-change.ts";
import { buildReport } from "../../../renderer/status/build-report.ts";
import { explain } from "../../../renderer/status/explain.ts";
import { Metrics } from "../../../renderer/status/metrics/metrics.ts";
import { statusPage } from "../../../renderer/status/page/document.ts";
import { printReport } from "../../../renderer/status/print.ts";
import type { Report } from "../../../renderer/status/report.ts";
import { NginxRoutes } from "../../../renderer/targets/nginx-routes.ts";
import { TargetProgress } from "../../../renderer/publish/target-progress.ts";
import type { Container, Task } from "../../../shared/snapshot.ts";
import { container } from "../fake-agent.ts";

const LABELS = { "sallyport.host": "a.example", "sallyport.port": "8080" };
const EDGE = [{ name: "edge", ipv4: "10.0.0.1" }];

/** A task of service shop_web, as a manager's agent reports it. */
function task(digit: string, of: Partial<Task> = {}, changes: Partial<Container> = {}): InventoryContainer {
  const one = container(digit, {
    name: `shop_web.${digit}.${digit.repeat(25)}`,
    env: {},
    labels: LABELS,
    networks: [{ name: "edge", ipv4: `10.0.0.${Number.parseInt(digit, 16)}` }],
    task: { service: "shop_web", stack: "shop", state: "running", node: "w1", nodeState: "ready", ...of },
    ...changes,
  });
  return { agent: "/agent.sock", dockerHost: "m1", container: one };
}

const nginx = {
  ...task("f"),
  container: container("f", { labels: { "sallyport.proxy": "true" }, env: {}, networks: EDGE }),
};

function reportOf(...tasks: readonly InventoryContainer[]): Report {
  return reportFor("1.31.3", tasks);
}

/** Returns the report for this version of nginx. */
function reportFor(version: string, tasks: readonly InventoryContainer[]): Report {
  const routes = new NginxRoutes(
    { containers: undefined, onlyExposed: false, routing: Routing.parse({}), listen: 8080 },
    { proxy: { label: "sallyport.proxy=true" } },
  );
  const containers = [nginx, ...tasks];
  routes.apply({ upserted: containers, gone: [] });
  const { table } = routes;
  const { state } = new TargetProgress("/x", () => undefined);
  const target = {
    state,
    routes: table.routes,
    quarantined: table.routes.quarantined,
    filtered: [],
    settings: { listen: 8080, version },
  };
  return buildReport({ agents: [], targets: [target], containers });
}

const NO_TASK = task(
  "1",
  { state: undefined, node: undefined, nodeState: undefined },
  { state: "exited", networks: [] },
);

const rows: [title: string, tasks: InventoryContainer[], explained: string[]][] = [
  ["a routed service", [task("1"), task("2", { node: "w2" })], ["2 of 2 tasks run, on w1, w2", "routed by a.example"]],
  [
    "no port",
    [task("1", {}, { labels: { "sallyport.host": "a.example" } })],
    [
      "1 of 1 task runs, on w1",
      "not routed: has no port: a swarm does not report which ports an image exposes; set the label `sallyport.port` of service shop_web",
    ],
  ],
  [
    "not on a shared network",
    [task("1", {}, { networks: [{ name: "db", ipv4: "10.0.1.1" }] })],
    [
      "1 of 1 task runs, on w1",
      "not routed: shares no network with nginx (its networks: db; nginx's networks: edge); attach both to the same network",
    ],
  ],
  [
    "an update that is paused",
    [
      task("1", { update: "paused" }),
      task("2", { state: "pending", node: undefined, update: "paused" }, { state: "created" }),
    ],
    [
      "1 of 2 tasks run, on w1",
      "routed by a.example",
      "in part: is a task in the state pending, and the update of service shop_web is paused; see `docker service ps --no-trunc shop_web`",
      "its update is paused; correct the service and update it again, or run `docker service rollback shop_web`",
    ],
  ],
  [
    "no running task",
    [NO_TASK],
    [
      "no task",
      "not routed: is a service without a running task; scale it up, or see `docker service ps --no-trunc shop_web`",
    ],
  ],
  [
    "a node that is down",
    [task("1", { nodeState: "down" })],
    [
      "0 of 1 task runs, on w1 (down)",
      "not routed: runs on node w1, which is down; start the node, or wait until the swarm replaces the task",
    ],
  ],
  [
    "no host",
    [task("1", {}, { labels: {} })],
    [
      "1 of 1 task runs, on w1",
      "not routed: has no VIRTUAL_HOST; to route it, set the label `sallyport.host` of the service, in a stack under `deploy: labels`",
    ],
  ],
];

describe("a Swarm service is explained by its name, with and without its stack", () => {
  for (const [title, tasks, explained] of rows)
    test(title, () => {
      const report = reportOf(...tasks);
      for (const name of ["shop_web", "web"]) {
        const { text, isRouted } = explain(report, name);
        const lines = text.split("\n");
        assert.equal(lines[0], "service shop_web");
        assert.deepEqual(
          lines.slice(1, explained.length + 1),
          explained.map((line) => `  ${line}`),
        );
        assert.equal(isRouted, explained[1]!.startsWith("routed"));
      }
      const status = printReport(report);
      for (const line of explained) assert.ok(status.includes(line), `${line}\n${status}`);
      assert.ok(statusPage(report, { at: 0, isLast: false }).includes(explained[0]!.replaceAll("'", "&#39;")));
    });
});

test("a node is explained, listed and counted", () => {
  const report = reportOf(
    task("1"),
    task("2", { node: "w2", nodeState: "down" }),
    task("3", { node: "w2", nodeState: "down" }),
  );
  assert.equal(
    explain(report, "w2").text,
    "node w2\n  down, with 2 tasks of shop_web\n  its tasks receive no requests; start it, or wait until the swarm replaces them",
  );
  assert.match(printReport(report), /NODE +STATE +TASKS\nw1 +ready +1\nw2 +down +2/);
  assert.match(explain(report, "a.example").text, /container shop_web\.1\.1{25} on node w1/);
  const metrics = new Metrics().print(report, "x", 0);
  for (const line of [
    'sallyport_swarm_services{routed="yes"} 1',
    'sallyport_swarm_tasks{state="wanted"} 3',
    'sallyport_swarm_tasks{state="running"} 1',
    'sallyport_swarm_nodes{state="ready"} 1',
    'sallyport_swarm_nodes{state="down"} 1',
  ])
    assert.ok(metrics.includes(`${line}\n`), line);
});

test("a service that nginx reaches as a whole is routed by its hosts", () => {
  const labels = { ...LABELS, "sallyport.endpoint": "vip" };
  const vips = [{ name: "edge", ipv4: "10.0.0.50" }];
  const report = reportOf(task("1", { vips }, { labels }), task("2", { vips }, { labels }));
  assert.deepEqual(report.services[0]?.hosts, ["a.example"]);
  assert.match(explain(report, "a.example").text, /10\.0\.0\.50:8080 {2}container service\/shop_web/);
});

for (const [version, closed] of [
  ["1.26.3", true],
  ["1.27.3", false],
] as const)
  test(`a service that nginx ${version} reaches by DNS is ${closed ? "closed and reported" : "served"}, and others are served`, () => {
    const dns = task("1", {}, { labels: { ...LABELS, "sallyport.endpoint": "dns" } });
    const labels = { ...LABELS, "sallyport.host": "b.example" };
    const report = reportFor(version, [dns, task("2", { service: "shop_b" }, { labels })]);
    assert.equal(explain(report, "b.example").isRouted, true);
    const { text, isRouted } = explain(report, "a.example");
    assert.equal(isRouted, !closed);
    assert.equal(
      /closed \(503\): sallyport.endpoint: "dns" needs nginx 1.27.3 or newer, and nginx is 1.26.3; update/.test(text),
      closed,
    );
  });
