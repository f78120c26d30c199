import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Subscription } from "../../../renderer/inventory/subscription.ts";
import { encodeFrame } from "../../../shared/frame.ts";
import type { Container } from "../../../shared/snapshot.ts";
import { eventually } from "../../eventually.ts";
import { container, FakeAgent, INSTANCES } from "../fake-agent.ts";

describe("a subscription", () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-inventory-"));
  const path = join(directory, "agent.sock");
  let agent: FakeAgent;
  let subscription: Subscription;
  let stop: AbortController;
  let running: Promise<void>;
  let events: string[] = [];
  beforeEach(async () => {
    agent = new FakeAgent(path);
    stop = new AbortController();
    subscription = new Subscription(
      { socket: path, host: "fake" },
      (_level, event) => void events.push(event),
      () => undefined,
    );
    events = [];
    running = subscription.run(stop.signal);
    await eventually("the snapshot is complete", () => subscription.isComplete);
  });
  afterEach(async () => {
    stop.abort();
    agent.hangUp();
    await running;
    await agent.close();
    rmSync(path, { force: true });
  });

  const names = (): string[] => subscription.known.map(({ container: { name } }) => name).toSorted();
  const delta = (base: number, generation: number, upserted: unknown[], removed: string[] = []): void =>
    agent.send("snapshot.delta", { base, generation, upserted, removed });

  test("applies a delta that follows", async () => {
    delta(5, 6, [container("c")], ["a".repeat(64)]);
    await eventually("it is applied", () => names().join() === "appb,appc");
    assert.equal(subscription.state.generation, 6);
  });

  const faults: readonly [string, () => void][] = [
    ["a delta after a gap", () => delta(7, 8, [], ["a".repeat(64), "b".repeat(64)])],
    ["a delta that was sent before", () => delta(4, 5, [], ["a".repeat(64), "b".repeat(64)])],
    ["a delta to an older generation", () => delta(5, 4, [], ["a".repeat(64), "b".repeat(64)])],
    [
      "a delta of another instance",
      () =>
        agent.send("snapshot.delta", {
          instance: INSTANCES[1],
          base: 5,
          generation: 6,
          upserted: [],
          removed: ["a".repeat(64)],
        }),
    ],
    ["parts out of order", () => agent.send("snapshot.part", { generation: 9, part: 1, parts: 2, containers: [] })],
    ["an older snapshot", () => agent.send("snapshot.part", { generation: 4, part: 0, parts: 1, containers: [] })],
    ["a container outside the contract", () => delta(5, 6, [{ ...container("c"), secret: "x" }])],
    ["an unknown notification", () => agent.send("shutdown", {})],
    ["invalid JSON in a frame", () => agent.write(encodeFrame("{", 64))],
    ["a frame that is too large", () => agent.write(Buffer.from([0xff, 0xff, 0xff, 0xff]))],
    ["a connection that ends inside a frame", () => (agent.write(Buffer.from([0, 0, 0, 9, 0x7b])), agent.hangUp())],
  ];
  for (const [title, misbehave] of faults) {
    test(`keeps its state and asks for a complete snapshot after ${title}`, async () => {
      misbehave();
      await eventually("it subscribed again", () => agent.subscriptions === 2);
      if (!title.startsWith("a connection that ends")) assert.equal(agent.heldBySubscriber, undefined);
      await eventually(
        "the copy is complete again",
        () => subscription.state.connected && subscription.state.generation === 5,
      );
      assert.deepEqual(names(), ["appa", "appb"]);
    });
  }

  test("logs no warning when an agent returns at once, and one when it is lost again", async () => {
    for (const subscriptions of [2, 3]) {
      agent.hangUp();
      await eventually(
        "it is connected again",
        () => agent.subscriptions === subscriptions && subscription.state.connected,
      );
      const warnings = events.filter((event) => event === "agent.disconnected").length;
      assert.equal(warnings, subscriptions - 2);
    }
  });

  test("drops keys with a meaning in JavaScript", async () => {
    agent.write(hostileDelta());
    await eventually("the rest is applied", () => subscription.state.generation === 6);
    const received = subscription.known.find(({ container: { name } }) => name === "appc")?.container;
    assert.deepEqual(Object.getOwnPropertyNames(received?.env), []);
  });

  function hostileDelta(): Buffer {
    const text = JSON.stringify({
      jsonrpc: "2.0",
      method: "snapshot.delta",
      params: { instance: agent.instance, base: 5, generation: 6, upserted: [container("c")], removed: [] },
    });
    return encodeFrame(text.replace('"VIRTUAL_HOST"', '"__proto__"'), 1 << 20);
  }

  test("keeps the state of an absent agent, and follows its next instance", async () => {
    await agent.close();
    rmSync(path, { force: true });
    await eventually("it is disconnected", () => !subscription.state.connected);
    assert.deepEqual(names(), ["appa", "appb"]);
    agent = new FakeAgent(path);
    agent.instance = INSTANCES[1];
    agent.generation = 1;
    agent.first = [container("b")];
    await eventually("the new instance is followed", () => names().join() === "appb");
  });

  test("disconnects from an agent that does not respond, and follows it when it does", async () => {
    agent.isMute = true;
    agent.hangUp();
    await eventually("it is disconnected", () => subscription.state.error === "no response to hello within 5 s");
    assert.deepEqual(names(), ["appa", "appb"]);
    agent.isMute = false;
    await eventually("it is followed", () => subscription.state.connected);
  });

  test("retries with increasing delay while every snapshot is invalid", async () => {
    agent.first = [{ ...container("a"), secret: "x" } as Container];
    agent.hangUp();
    await sleep(2_000);
    // The delay doubles from 100 ms: a slow machine only makes this fewer.
    assert.ok(agent.subscriptions < 12, `${agent.subscriptions} subscriptions`);
    assert.deepEqual(names(), ["appa", "appb"]);
  });

  test("resumes from its generation after a lost connection", async () => {
    agent.hangUp();
    await eventually("it subscribed again", () => agent.subscriptions === 2);
    assert.equal(agent.heldBySubscriber, 5);
    delta(5, 6, [container("c")]);
    await eventually("it is applied", () => names().join() === "appa,appb,appc");
  });

  test("refuses an agent whose Docker host has another name, and keeps the state", async () => {
    agent.host = "evil";
    agent.first = [container("d")];
    agent.hangUp();
    await eventually("it is refused", () =>
      /Docker host is "evil", not "fake"; correct `host` in `agents`/.test(subscription.state.error ?? ""),
    );
    assert.deepEqual(names(), ["appa", "appb"]);
    agent.host = "fake";
    await eventually("the right agent is followed", () => subscription.state.connected);
  });

  test("does not resume from another instance", async () => {
    agent.instance = INSTANCES[1];
    agent.hangUp();
    await eventually("it subscribed again", () => agent.subscriptions === 2);
    assert.equal(agent.heldBySubscriber, undefined);
  });

  test("keeps tasks, with the labels of their service, while a new instance does not know the swarm's tasks", async () => {
    const task = (digit: string) =>
      container(digit, { task: { service: "web", state: "running" }, labels: { "sallyport.host": "a.example" } });
    agent.change([task("c"), task("d"), container("e")], ["a".repeat(64)]);
    await eventually("the tasks are known", () => names().join() === "appb,appc,appd,appe");
    const next = { instance: INSTANCES[1], generation: 1, lacksTasks: true };
    Object.assign(agent, { ...next, first: [container("b"), container("c", { health: "unhealthy", labels: {} })] });
    agent.hangUp();
    await eventually("the next instance is followed", () => subscription.state.generation === 1);
    assert.deepEqual(names(), ["appb", "appc", "appd"]);
    const { health, labels } = subscription.known.find(({ container: { name } }) => name === "appc")!.container;
    assert.deepEqual([health, labels], ["unhealthy", { "sallyport.host": "a.example" }]);
    agent.send("snapshot.part", { generation: 2, part: 0, parts: 1, containers: [container("b"), task("d")] });
    await eventually("the tasks are known again", () => names().join() === "appb,appd");
  });

  test("keeps the details of a container that a new instance could not inspect", async () => {
    agent.first = [
      container("a", { unread: true, env: {}, state: "paused" }),
      container("c", { unread: true, env: {} }),
    ];
    agent.generation = 6;
    agent.hangUp();
    await eventually("the snapshot is received", () => subscription.state.generation === 6);
    const [a, c] = subscription.known.map(({ container: known }) => known).toSorted((x, y) => (x.id < y.id ? -1 : 1));
    assert.deepEqual([a?.env["VIRTUAL_HOST"], a?.state, a?.stale, a?.unread], ["a.example", "paused", true, false]);
    assert.equal(c?.unread, true);
  });
});
