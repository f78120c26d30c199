import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { eventually } from "../eventually.ts";
import { AgentProcess } from "./agent-process.ts";

const app = (name: string) =>
  ({ name, env: { VIRTUAL_HOST: `${name}.example` }, expose: [5000], health: "starting" }) as const;

function residentKiB(pid: number): number {
  return Number(/^VmRSS:\s+([0-9]+)/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]);
}

test("a snapshot that is larger than a frame crosses in parts, and is whole", async () => {
  const COUNT = 4_000;
  const agent = await AgentProcess.start(["--relist", "3600"]);
  try {
    await agent.stop();
    for (let number = 0; number < COUNT; number++) await agent.engine.run(app(`app${number}`));
    await agent.run();
    const renderer = await agent.subscribe();
    const parts = renderer.messages.filter((message) => "method" in message && message.method === "snapshot.part");
    assert.ok(parts.length >= 2, `${parts.length} parts`);
    assert.equal(renderer.containers.length, COUNT);
    renderer.close();
  } finally {
    await agent.close();
  }
});

test("a renderer that does not read costs the agent no memory, and is told the last state when it reads again", async () => {
  const COUNT = 50;
  const ROUNDS = 400;
  const agent = await AgentProcess.start(["--relist", "3600"]);
  try {
    for (let number = 0; number < COUNT; number++) await agent.engine.run(app(`app${number}`));
    const [slow, witness] = [await agent.subscribe(), await agent.subscribe()];
    const before = residentKiB(agent.pid);
    slow.socket.pause();
    for (let round = 0; round < ROUNDS; round++) {
      const health = round % 2 === 0 ? "unhealthy" : "starting";
      for (let number = 0; number < COUNT; number++) agent.engine.health(`app${number}`, health);
      await new Promise((resolve) => setImmediate(resolve));
    }
    for (let number = 0; number < COUNT; number++) agent.engine.health(`app${number}`, "healthy");
    const isWell = (client: typeof slow): boolean => client.containers.every(({ health }) => health === "healthy");
    await eventually("the witness knows the last state", () => isWell(witness));
    const grown = residentKiB(agent.pid) - before;
    assert.ok(grown < 48 * 1_024, `${grown} KiB for a reader that does not read`);
    slow.socket.resume();
    await eventually("the slow one knows it, too", () => isWell(slow));
    assert.equal(slow.isClosed, false);
    slow.close();
    witness.close();
  } finally {
    await agent.close();
  }
});
