import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { InventoryContainer } from "../../../renderer/inventory/inventory-change.ts";
import type { Container, Task } from "../../../shared/snapshot.ts";
import { container } from "../fake-agent.ts";
import { buildRoutes } from "./build-routes.ts";

const AGENT = "/agent.sock";

/** Returns a task of service web, whose name has the digit. */
function task(digit: string, of: Partial<Task> = {}, changes: Partial<Container> = {}): InventoryContainer {
  const one = container(digit, {
    name: `web.${digit}.${digit.repeat(25)}`,
    env: {},
    labels: { "sallyport.host": "a.example", "sallyport.port": "8080" },
    networks: [{ name: "edge", ipv4: `10.0.0.${Number.parseInt(digit, 16)}` }],
    task: { service: "web", state: "running", node: "w1", nodeState: "ready", ...of },
    ...changes,
  });
  return { agent: AGENT, dockerHost: "m1", container: one };
}

const proxy = { labels: { "sallyport.proxy": "true" }, env: {}, networks: [{ name: "edge", ipv4: "10.0.0.100" }] };
const nginx = { agent: AGENT, dockerHost: "m1", container: container("f", proxy) };

function routes(...tasks: readonly InventoryContainer[]) {
  const built = buildRoutes([nginx, ...tasks], {
    proxy: { kind: "label", name: "sallyport.proxy", value: "true" },
    onlyExposed: false,
  });
  if (built.kind === "blocked") throw new Error(built.reason);
  const servers = built.virtualHosts.flatMap(({ paths }) => paths).flatMap((path) => path.servers);
  return {
    built,
    servers: servers.map(
      ({ address, port, backup, maxFails }) => `${address}:${port}${backup && maxFails === 0 ? " backup" : ""}`,
    ),
    reasons: [...built.unrouted, ...built.quarantined]
      .filter(({ container: name }) => name !== nginx.container.name)
      .map(({ reason }) => reason),
  };
}

describe("tasks of a Swarm service", () => {
  test("are replicas of each other, with and without a stack", () => {
    for (const stack of [{}, { stack: "shop" }])
      assert.deepEqual(routes(task("1", stack), task("2", stack)), {
        built: routes(task("1", stack), task("2", stack)).built,
        servers: ["10.0.0.1:8080", "10.0.0.2:8080"],
        reasons: [],
      });
  });

  test("become backups when the swarm no longer wants them, and leave when their own Engine stops them", () => {
    const [one, leaving] = [task("1"), task("2", {}, { stopping: true })];
    assert.deepEqual(routes(one, leaving).servers, ["10.0.0.1:8080", "10.0.0.2:8080 backup"]);
    const stopped = task("2", {}, { stopping: true, stoppingUntil: 1e12 });
    assert.deepEqual(routes(one, stopped).servers, ["10.0.0.1:8080"]);
  });

  test("are routed regardless of the clocks of their nodes", () => {
    const ages = [0, Date.now() + 1e12, -1e12].map((createdAt, at) => task(String(at + 1), {}, { createdAt }));
    assert.deepEqual(routes(...ages).servers.toSorted(), ["10.0.0.1:8080", "10.0.0.2:8080", "10.0.0.3:8080"]);
  });

  test("of two services cannot request the same host", () => {
    const other = task("2", { service: "other" }, { createdAt: 2 });
    const { servers, built } = routes(task("1"), other);
    assert.deepEqual(servers, ["10.0.0.1:8080"]);
    assert.match(JSON.stringify(built.remarks), /a\.example.*belongs to service web/);
  });

  const VIP = [{ name: "edge", ipv4: "10.0.0.50" }];
  const endpoint = (value: string) => ({
    labels: { "sallyport.host": "a.example", "sallyport.port": "8080", "sallyport.endpoint": value },
  });
  const endpoints: [title: string, value: string, of: Partial<Task>, servers: string[], reason?: RegExp][] = [
    ["its tasks", "tasks", { vips: VIP }, ["10.0.0.1:8080", "10.0.0.2:8080 backup"]],
    ["its virtual address", "vip", { vips: VIP }, ["10.0.0.50:8080"]],
    ["its name in DNS", "dns", {}, ["tasks.web:8080"]],
    [
      "nothing without a virtual address on a network of nginx",
      "vip",
      { vips: [{ name: "db", ipv4: "10.0.1.50" }] },
      [],
      /service web has no virtual address on a network of nginx; deploy it with `endpoint_mode: vip`/,
    ],
    ["nothing with a name that is not one of DNS", "dns", { service: "we.b" }, [], /we\.b is not a name in DNS/],
    ["its tasks, whatever another value means", "swarm", {}, ["10.0.0.1:8080", "10.0.0.2:8080 backup"]],
  ];
  for (const [title, value, of, expected, reason] of endpoints)
    test(`are reached by \`sallyport.endpoint=${value}\` of their service: ${title}`, () => {
      const leaving = task("2", of, { ...endpoint(value), stopping: true });
      const { servers, reasons } = routes(task("1", of, endpoint(value)), leaving);
      assert.deepEqual([servers, reasons.length], [expected, reason ? 2 : 0]);
      for (const one of reasons) assert.match(one, reason!);
    });

  test("are served as a whole while one of them runs", () => {
    const down = task("2", { vips: VIP, nodeState: "down" }, endpoint("vip"));
    assert.deepEqual(routes(task("1", { vips: VIP }, endpoint("vip")), down).servers, ["10.0.0.50:8080"]);
    assert.deepEqual(routes(down).servers, []);
  });

  test("reports `sallyport.endpoint` on a container that is no task", () => {
    const one = container("1", { ...endpoint("vip"), env: {}, networks: [{ name: "edge", ipv4: "10.0.0.1" }] });
    const { servers, built } = routes({ agent: AGENT, dockerHost: "m1", container: one });
    assert.deepEqual(servers, ["10.0.0.1:8080"]);
    assert.match(JSON.stringify(built.remarks), /sallyport.endpoint: applies to services of a swarm/);
  });

  const PS = "`docker service ps --no-trunc web`";
  const idle: [title: string, one: InventoryContainer, reason: string][] = [
    [
      "a service without a task",
      task("1", { state: undefined, node: undefined }, { state: "exited" }),
      `is a service without a running task; scale it up, or see ${PS}`,
    ],
    [
      "a task that starts",
      task("1", { state: "starting" }, { state: "created" }),
      `is a task in the state starting on node w1; see ${PS}`,
    ],
    [
      "a task without a node while the update is paused",
      task("1", { state: "pending", node: undefined, update: "paused" }, { state: "created" }),
      `is a task in the state pending, and the update of service web is paused; see ${PS}`,
    ],
    [
      "a task on a node that is down",
      task("1", { nodeState: "down" }),
      "runs on node w1, which is down; start the node, or wait until the swarm replaces the task",
    ],
    [
      "a task without a port",
      task("1", {}, { labels: { "sallyport.host": "a.example" } }),
      "has no port: a swarm does not report which ports an image exposes; set the label `sallyport.port` of service web",
    ],
    [
      "a task on another network",
      task("1", {}, { networks: [{ name: "db", ipv4: "10.0.1.1" }] }),
      "shares no network with nginx (its networks: db; nginx's networks: edge); attach both to the same network",
    ],
  ];
  for (const [title, one, reason] of idle)
    test(`reports why it does not route ${title}`, () => {
      assert.deepEqual([routes(one).servers, routes(one).reasons], [[], [reason]]);
      assert.deepEqual(routes(one, task("2")).servers, ["10.0.0.2:8080"]);
    });
});
