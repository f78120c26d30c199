import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { once } from "node:events";
import * as net from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { JSONRPCServer } from "json-rpc-2.0";
import { Connection } from "../../agent/connection.ts";
import { ConnectionRecords } from "../../agent/connection-records.ts";
import { eventually } from "../eventually.ts";
import { AgentProcess } from "./agent-process.ts";
import type { RpcClient } from "./rpc-client.ts";

describe("the audit trail", () => {
  const COUNT = 300;
  let agent: AgentProcess;
  let renderer: RpcClient;
  before(async () => {
    agent = await AgentProcess.start(["--relist", "3600"]);
    for (let number = 0; number < COUNT; number++)
      await agent.engine.run({ name: `app${number}`, env: { VIRTUAL_HOST: `${number}.example` }, health: "starting" });
    renderer = await agent.subscribe();
    await eventually("all are disclosed", () => renderer.containers.length === COUNT);
  });
  after(async () => {
    renderer.close();
    await agent.close();
  });

  function bytes(): number {
    const files = readdirSync(agent.auditDirectory).filter((name) => name.endsWith(".jsonl"));
    return files.reduce((sum, name) => sum + statSync(join(agent.auditDirectory, name)).size, 0);
  }

  test("names what a renderer received once, however often it reconnects", async () => {
    const before = bytes();
    const records = agent.records().length;
    for (let round = 0; round < 10; round++) {
      const again = await agent.subscribe();
      assert.equal(again.containers.length, COUNT);
      again.close();
    }
    assert.ok(bytes() - before < 10 * 1_500, `${bytes() - before} bytes`);
    const repeated = agent
      .records()
      .slice(records)
      .filter(({ event }) => event === "disclosure");
    assert.equal(repeated.length, 10);
    for (const { containers, repeated: number } of repeated) assert.deepEqual([containers, number], [COUNT, COUNT]);
  });

  test("does not grow with the events of one container", async () => {
    const before = bytes();
    for (let round = 0; round < 2_000; round++) {
      agent.engine.health("app1", round % 2 === 0 ? "unhealthy" : "healthy");
      if (round % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await agent.engine.run({ name: "last", env: { VIRTUAL_HOST: "last.example" } });
    await eventually("another container is disclosed", () => renderer.named("last") !== undefined);
    assert.ok(bytes() - before < 30_000, `${bytes() - before} bytes`);
  });

  test("names a container again when it discloses other names", async () => {
    await agent.engine.remove("last");
    await eventually("it is gone", () => renderer.named("last") === undefined);
    const { id } = await agent.engine.run({ name: "last", env: { VIRTUAL_PORT: "80" } });
    await eventually("it is disclosed", () => renderer.named("last") !== undefined);
    const disclosed = JSON.stringify(agent.records().map((record) => record["disclosed"]));
    assert.ok(disclosed.includes(`{"env":["VIRTUAL_PORT"],"labels":[],"of":["${id.slice(0, 12)}"]}`));
  });
});

test("connections beyond a rate are counted instead of recorded one by one", () => {
  const appended: unknown[][] = [];
  const records = new ConnectionRecords({ append: (...record) => appended.push(record) > 0 });
  for (let conn = 0; conn < 1_000; conn++) {
    const trail = records.open();
    trail.append("rpc.connect", "allow", "ok", { conn });
    trail.append("rpc.close", "note", "ok", { conn });
  }
  records.flush();
  const single = appended.filter(([, , reason]) => reason === "ok").length;
  assert.ok(single >= 400 && single < 420, `${single} records`);
  const counts = { "rpc.connect ok": 1_000 - single / 2, "rpc.close ok": 1_000 - single / 2 };
  assert.deepEqual(appended.at(-1), ["rpc.connect", "note", "rpc.folded", { counts }]);
});

test("an error response names a correlation id only if the trail has it", async () => {
  const appended: unknown[][] = [];
  const records = new ConnectionRecords({ append: (...record) => appended.push(record) > 0 });
  const server = net.createServer((socket) => void new Connection(1, socket, new JSONRPCServer(), records.open()));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as net.AddressInfo;
  let counted = 0;
  try {
    for (let conn = 1; conn <= 250; conn++) {
      const socket = net.connect(port, "127.0.0.1");
      socket.write(Buffer.from("\0\0\0\x01x", "latin1"));
      const response = (await text(socket)).slice(4);
      const { data } = (JSON.parse(response) as { error: { data?: { correlation: string } } }).error;
      const recorded = appended.flatMap(([, , , fields]) => (fields as { correlation?: string }).correlation ?? []);
      assert.equal(recorded.includes(String(data?.correlation)), data !== undefined, `connection ${conn}`);
      if (data === undefined) counted++;
      // The rate lets a few more in on a slow machine.
      if (conn <= 200) assert.equal(counted, 0);
    }
  } finally {
    records.flush();
    server.close();
  }
  assert.ok(counted > 0);
  const sums = { "rpc.connect ok": 0, "rpc.violation rpc.json": 0, "rpc.close rpc.json": 0 };
  for (const [, , reason, { counts }] of appended as [string, string, string, { counts: typeof sums }][]) {
    if (reason !== "rpc.folded") continue;
    for (const key of Object.keys(sums) as (keyof typeof sums)[]) sums[key] += counts[key];
  }
  assert.deepEqual(Object.values(sums), [counted, counted, counted]);
});
