import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import * as net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Subscription } from "../../renderer/inventory/subscription.ts";
import { encodeFrame, FrameReader } from "../../shared/frame.ts";
import type { Container } from "../../shared/snapshot.ts";
import { eventually } from "../eventually.ts";

const anchor = { seq: 1, hash: "0".repeat(64) };
const INSTANCES = ["6f1b0a52-6a0e-4f0e-9d7e-0d6d5e1c0001", "6f1b0a52-6a0e-4f0e-9d7e-0d6d5e1c0002"] as const;

function container(digit: string, changes: Partial<Container> = {}): Container {
  return {
    id: digit.repeat(64),
    name: `app${digit}`,
    state: "running",
    health: "none",
    stopping: false,
    stale: false,
    unread: false,
    createdAt: 1,
    networks: [],
    ports: [],
    env: { VIRTUAL_HOST: `${digit}.example` },
    labels: {},
    withheld: { env: 0, labels: 0 },
    refused: [],
    ...changes,
  };
}

/** An agent that says what the test wants, to whoever has subscribed last. */
class FakeAgent {
  readonly #server: net.Server;
  #socket: net.Socket | undefined;
  instance: string = INSTANCES[0];
  subscriptions = 0;
  /** What a new subscriber is told at once. */
  first: Container[] = [container("a"), container("b")];
  generation = 5;
  isMute = false;

  constructor(path: string) {
    this.#server = net.createServer((socket) => this.#serve(socket)).listen(path);
  }

  tell(method: string, params: object): void {
    this.write(
      encodeFrame(JSON.stringify({ jsonrpc: "2.0", method, params: { instance: this.instance, ...params } }), 1 << 20),
    );
  }

  write(bytes: Buffer | string): void {
    this.#socket?.write(bytes);
  }

  hangUp(): void {
    this.#socket?.destroy();
  }

  async close(): Promise<void> {
    this.hangUp();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: net.Socket): void {
    this.#socket = socket;
    const reader = new FrameReader(4_096);
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk) => {
      for (const text of reader.push(chunk)) this.#answer(JSON.parse(text) as { id: number; method: string });
    });
  }

  #answer({ id, method }: { id: number; method: string }): void {
    if (this.isMute) return;
    const results: Record<string, object> = {
      hello: { protocol: 1, instance: this.instance, host: "fake" },
      subscribe: {},
      health: { docker: "connected", audit: "ok", generation: this.generation, containers: 2 },
    };
    this.write(encodeFrame(JSON.stringify({ jsonrpc: "2.0", id, result: results[method] }), 1 << 20));
    if (method !== "subscribe") return;
    this.subscriptions += 1;
    this.tell("snapshot.part", { generation: this.generation, part: 0, parts: 1, containers: this.first, anchor });
  }
}

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
