import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { test } from "node:test";
import { fc } from "../property.ts";
import { JSONRPCServer } from "json-rpc-2.0";
import type { AuditTrail } from "../../agent/audit.ts";
import { Connection } from "../../agent/connection.ts";
import { Disclosed } from "../../agent/disclosed.ts";
import { defaultPolicy } from "../../agent/policy.ts";
import { feed } from "../../agent/subscriber.ts";
import { FrameReader, MAX_RESPONSE_BYTES } from "../../shared/frame.ts";
import type { Container } from "../../shared/snapshot.ts";
import { eventually } from "../eventually.ts";
import { container } from "../shared/containers.ts";
import { AgentProcess } from "./agent-process.ts";

const app = (name: string) =>
  ({ name, env: { VIRTUAL_HOST: `${name}.example` }, expose: [5000], health: "starting" }) as const;

function residentKiB(pid: number): number {
  return Number(/^VmRSS:\s+([0-9]+)/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]);
}

/** An app whose disclosed environment has about 40 KiB. */
const largeApp = (name: string) => {
  const others = defaultPolicy().env.filter((variable) => variable !== "VIRTUAL_HOST");
  const filler = others.slice(0, 10).map((variable) => [variable, "x".repeat(4_000)]);
  return { ...app(name), env: { VIRTUAL_HOST: `${name}.example`, ...Object.fromEntries(filler) } };
};

test("splits a snapshot that is larger than a frame into parts", async () => {
  const COUNT = 100;
  const agent = await AgentProcess.start(["--relist", "3600"]);
  try {
    await agent.stop();
    for (let number = 0; number < COUNT; number++) await agent.engine.run(largeApp(`app${number}`));
    await agent.run();
    const renderer = await agent.subscribe();
    const parts = renderer.messages.filter((message) => "method" in message && message.method === "snapshot.part");
    assert.ok(parts.length >= 4, `${parts.length} parts`);
    assert.equal(new Set(renderer.containers.map(({ name }) => name)).size, COUNT);
    assert.ok(renderer.containers.every(({ env }) => Object.keys(env).length === 11));
    renderer.close();
  } finally {
    await agent.close();
  }
});

test("buffers little for a renderer that does not read, and sends it the latest state afterwards", async () => {
  const COUNT = 20;
  const ROUNDS = 16;
  const agent = await AgentProcess.start(["--relist", "3600"]);
  try {
    for (let number = 0; number < COUNT; number++) await agent.engine.run(largeApp(`app${number}`));
    const [slow, other] = [await agent.subscribe(), await agent.subscribe()];
    const setAll = async (health: "unhealthy" | "starting" | "healthy"): Promise<void> => {
      for (let number = 0; number < COUNT; number++) agent.engine.health(`app${number}`, health);
      await eventually(`all are ${health}`, () => other.containers.every((one) => one.health === health));
    };
    await setAll("unhealthy");
    const before = residentKiB(agent.pid);
    slow.socket.pause();
    // About 13 MiB of changes, within the 10 s that the agent permits a full buffer.
    for (let round = 0; round < ROUNDS; round++) await setAll(round % 2 === 0 ? "starting" : "unhealthy");
    await setAll("healthy");
    const grown = residentKiB(agent.pid) - before;
    assert.ok(grown < 32 * 1_024, `memory grew by ${grown} KiB`);
    assert.equal(slow.isClosed, false);
    slow.socket.resume();
    await eventually("the slow client has the latest state", () =>
      slow.containers.every(({ health }) => health === "healthy"),
    );
    assert.equal(slow.isClosed, false);
    slow.close();
    other.close();
  } finally {
    await agent.close();
  }
});

test("sends a full snapshot when a change, even one of removals, does not fit into one frame", async () => {
  const disclosed = new Disclosed();
  const sent: { method: string; params: { generation?: number } }[] = [];
  const reader = new FrameReader(MAX_RESPONSE_BYTES);
  const write = (chunk: Buffer, _encoding: unknown, done: () => void): void => {
    for (const text of reader.push(chunk)) sent.push(JSON.parse(text) as (typeof sent)[number]);
    done();
  };
  const socket = new Duplex({ read: () => undefined, write }) as Socket;
  const audit = { append: () => undefined } as unknown as AuditTrail;
  const connection = new Connection(1, socket, new JSONRPCServer(), audit);
  const [seed] = fc.sample(container, { numRuns: 1, seed: 1 });
  const make = (number: number, value: string): Container => {
    return { ...seed!, id: number.toString(16).padStart(64, "0"), env: { VIRTUAL_HOST: value } };
  };
  for (let number = 0; number < 3_000; number++) disclosed.set(make(number, "a.example"));
  disclosed.complete();
  feed(connection, { instance: "one", disclosed, audit }, 0);
  for (let number = 0; number < 3_000; number++) disclosed.remove(make(number, "").id);
  for (let number = 3_000; number < 3_240; number++) disclosed.set(make(number, "x".repeat(3_600)));
  await eventually("the change is sent", () => sent.at(-1)?.params.generation === 2);
  assert.deepEqual(new Set(sent.map(({ method }) => method)), new Set(["docker.state", "snapshot.part"]));
  connection.drop("ok");
});
