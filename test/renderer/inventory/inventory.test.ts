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
import { anchor, container, FakeAgent, INSTANCES } from "../fake-agent.ts";

describe("what an agent told", () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-inventory-"));
  const path = join(directory, "agent.sock");
  let agent: FakeAgent;
  let subscription: Subscription;
  let stop: AbortController;
  let running: Promise<void>;
  beforeEach(async () => {
    agent = new FakeAgent(path);
    stop = new AbortController();
    subscription = new Subscription(
      path,
      () => undefined,
      () => undefined,
    );
    running = subscription.run(stop.signal);
    await eventually("the snapshot is held", () => subscription.isComplete);
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
    agent.tell("snapshot.delta", { base, generation, upserted, removed, anchor });

  test("a change that follows is applied", async () => {
    delta(5, 6, [container("c")], ["a".repeat(64)]);
    await eventually("it is applied", () => names().join() === "appb,appc");
    assert.equal(subscription.state.generation, 6);
  });

  const faults: readonly [string, () => void][] = [
    ["a change with a gap", () => delta(7, 8, [], ["a".repeat(64), "b".repeat(64)])],
    ["a change that was told before", () => delta(4, 5, [], ["a".repeat(64), "b".repeat(64)])],
    ["a change that goes backwards", () => delta(5, 4, [], ["a".repeat(64), "b".repeat(64)])],
    [
      "a change of another instance",
      () =>
        agent.tell("snapshot.delta", {
          instance: INSTANCES[1],
          base: 5,
          generation: 6,
          upserted: [],
          removed: ["a".repeat(64)],
          anchor,
        }),
    ],
    [
      "parts out of order",
      () => agent.tell("snapshot.part", { generation: 9, part: 1, parts: 2, containers: [], anchor }),
    ],
    [
      "an older snapshot",
      () => agent.tell("snapshot.part", { generation: 4, part: 0, parts: 1, containers: [], anchor }),
    ],
    ["a container outside the contract", () => delta(5, 6, [{ ...container("c"), secret: "x" }])],
    ["an unknown notification", () => agent.tell("shutdown", {})],
    ["garbage in a frame", () => agent.write(encodeFrame("{", 64))],
    ["a frame that is too large", () => agent.write(Buffer.from([0xff, 0xff, 0xff, 0xff]))],
    [
      "the end of the connection in the middle of a frame",
      () => (agent.write(Buffer.from([0, 0, 0, 9, 0x7b])), agent.hangUp()),
    ],
  ];
  for (const [title, misbehave] of faults) {
    test(`${title} takes away nothing, and the whole is asked for`, async () => {
      misbehave();
      await eventually("it subscribed again", () => agent.subscriptions === 2);
      if (!title.startsWith("the end of the connection")) assert.equal(agent.heldBySubscriber, undefined);
      await eventually("all are held", () => subscription.state.connected && subscription.state.generation === 5);
      assert.deepEqual(names(), ["appa", "appb"]);
    });
  }

  test("a key that means something to JavaScript does not come through", async () => {
    agent.write(hostileDelta());
    await eventually("the rest is applied", () => subscription.state.generation === 6);
    const told = subscription.known.find(({ container: { name } }) => name === "appc")?.container;
    assert.deepEqual(Object.getOwnPropertyNames(told?.env), []);
  });

  function hostileDelta(): Buffer {
    const text = JSON.stringify({
      jsonrpc: "2.0",
      method: "snapshot.delta",
      params: { instance: agent.instance, base: 5, generation: 6, upserted: [container("c")], removed: [], anchor },
    });
    return encodeFrame(text.replace('"VIRTUAL_HOST"', '"__proto__"'), 1 << 20);
  }

  test("an agent that goes away leaves what it told, and says since when", async () => {
    await agent.close();
    rmSync(path, { force: true });
    await eventually("it is absent", () => !subscription.state.connected);
    assert.deepEqual(names(), ["appa", "appb"]);
    agent = new FakeAgent(path);
    agent.instance = INSTANCES[1];
    agent.generation = 1;
    agent.first = [container("b")];
    await eventually("the new instance is followed", () => names().join() === "appb");
  });

  test("an agent that takes connections and says nothing is left, and followed when it speaks", async () => {
    agent.isMute = true;
    agent.hangUp();
    await eventually("it is given up", () => subscription.state.problem === "no answer to hello");
    assert.deepEqual(names(), ["appa", "appb"]);
    agent.isMute = false;
    await eventually("it is followed", () => subscription.state.connected);
  });

  test("an agent whose every snapshot is faulty is asked less and less often", async () => {
    agent.first = [{ ...container("a"), secret: "x" } as Container];
    agent.hangUp();
    await sleep(2_000);
    // Waiting doubles from a tenth of a second: a slow machine only makes this fewer.
    assert.ok(agent.subscriptions < 12, `${agent.subscriptions} subscriptions`);
    assert.deepEqual(names(), ["appa", "appb"]);
  });

  test("after a connection that only broke, what is held is named, so that the rest is enough", async () => {
    agent.hangUp();
    await eventually("it subscribed again", () => agent.subscriptions === 2);
    assert.equal(agent.heldBySubscriber, 5);
    delta(5, 6, [container("c")]);
    await eventually("it is applied", () => names().join() === "appa,appb,appc");
  });

  test("what another instance told is not named", async () => {
    agent.instance = INSTANCES[1];
    agent.hangUp();
    await eventually("it subscribed again", () => agent.subscriptions === 2);
    assert.equal(agent.heldBySubscriber, undefined);
  });

  test("a container that a new instance could not read keeps what was read before", async () => {
    agent.first = [
      container("a", { unread: true, env: {}, state: "paused" }),
      container("c", { unread: true, env: {} }),
    ];
    agent.generation = 6;
    agent.hangUp();
    await eventually("it is told again", () => subscription.state.generation === 6);
    const [a, c] = subscription.known.map(({ container: known }) => known).toSorted((x, y) => (x.id < y.id ? -1 : 1));
    assert.deepEqual([a?.env["VIRTUAL_HOST"], a?.state, a?.stale, a?.unread], ["a.example", "paused", true, false]);
    assert.equal(c?.unread, true);
  });
});
