import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import * as http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fc } from "../property.ts";
import { DockerReader } from "../../agent/docker.ts";
import { ListReader } from "../../agent/list-reader.ts";
import { SwarmTask } from "../../agent/swarm/answers.ts";
import { eventually } from "../eventually.ts";
import { AgentProcess } from "./agent-process.ts";
import type { RpcClient } from "./rpc-client.ts";

const MIB = 1024 * 1024;
const app = (name: string) => ({ name, env: { VIRTUAL_HOST: `${name}.example` } });

describe("containers with enormous labels", () => {
  let agent: AgentProcess;
  let renderer: RpcClient;
  before(async () => {
    agent = await AgentProcess.start(["--relist", "1"]);
    await agent.engine.run(app("one"));
  });
  after(async () => {
    renderer.close();
    await agent.close();
  });

  const health = async () => {
    const message = await renderer.call("health", {});
    assert.ok("result" in message);
    return message.result as Readonly<Record<string, unknown>>;
  };

  test("are skipped and reported, and all other containers are disclosed", async () => {
    const bomb = agent.engine.create({ name: "bomb", labels: { a: "x".repeat(34 * MIB) } });
    const labels = Object.fromEntries(
      Array.from({ length: 1_000 }, (_, index) => [`label${index}`, "x".repeat(5_000)]),
    );
    for (let number = 0; number < 10; number++) agent.engine.create({ name: `many${number}`, labels });
    await agent.engine.run(app("two"));
    renderer = await agent.subscribe();
    assert.deepEqual(
      ["one", "two"].map((name) => renderer.named(name)?.env["VIRTUAL_HOST"]),
      ["one.example", "two.example"],
    );
    const found = renderer.named("bomb");
    assert.deepEqual([found?.unread, found?.env, found?.labels], [true, {}, {}]);
    assert.equal(renderer.containers.length, 13);
    assert.equal((await health())["unreadable"], 11);
    assert.equal((await health())["docker"], "connected");
    await agent.logs("docker.size");
    const skipped = agent.lines.filter(
      (line) => line.includes("container.skipped") && line.includes(bomb.id.slice(0, 12)),
    );
    assert.match(skipped[0] ?? "", /exceeds the size limit/);
    assert.ok(!agent.lines.some((line) => line.includes("docker.disconnected")));
  });

  test("are not requested again while nothing changes", async () => {
    const lists = (): number => agent.engine.api.requests.filter(({ target }) => target.endsWith("?all=true")).length;
    const inspects = (): number =>
      agent.engine.api.requests.filter(({ target }) => /s\/[0-9a-f]{64}\//.test(target)).length;
    const [listed, inspected] = [lists(), inspects()];
    await eventually("two lists follow", () => lists() >= listed + 2);
    assert.equal(inspects(), inspected);
    assert.ok(agent.lines.filter((line) => line.includes("container.skipped")).length <= 11);
  });

  test("disappear when they are removed", async () => {
    for (const { name } of agent.engine.containers.filter((one) => /bomb|many/.test(one.name)))
      await agent.engine.remove(name);
    await eventually("they are gone", () => renderer.containers.length === 2);
    assert.equal((await health())["unreadable"], 0);
  });

  test("are disclosed when inspect can read them", async () => {
    const labels = Object.fromEntries(Array.from({ length: 80 }, (_, index) => [`l${index}`, "x".repeat(4_000)]));
    await agent.engine.run({ ...app("wide"), labels: { ...labels, "sallyport.path": "/x" } });
    await eventually("it is disclosed", () => renderer.named("wide")?.labels["sallyport.path"] === "/x");
    assert.equal(renderer.named("wide")?.withheld.labels, 80);
  });

  test("cost no memory", () => {
    const resident = Number(/VmRSS:\s+([0-9]+) kB/.exec(readFileSync(`/proc/${agent.pid}/status`, "utf8"))?.[1]);
    assert.ok(resident > 0 && resident < 160 * 1024, `${resident} kB`);
  });
});

test("a container whose list entry becomes unreadable is not removed", async () => {
  const agent = await AgentProcess.start(["--relist", "1"]);
  try {
    await agent.engine.run(app("one"));
    const renderer = await agent.subscribe();
    const change = (answer: unknown): unknown =>
      (answer as { Id: string }[]).map(({ Id }) => ({ Id, Created: "yesterday", State: 5 }));
    const planned = agent.engine.api.fault("list", { kind: "change", change });
    await eventually("two lists are unreadable", () => planned.hits >= 2);
    assert.equal(renderer.named("one")?.env["VIRTUAL_HOST"], "one.example");
    assert.equal(renderer.named("one")?.state, "running");
    renderer.close();
  } finally {
    await agent.close();
  }
});

test("the list reader finds the same entries however the list is cut into chunks", () => {
  const id = fc.stringMatching(/^[0-9a-f]{64}$/);
  const hostile = fc.constantFrom(',{"Id":"', '\\"}],{"Id":"', "]", "}]", "\u2028", '{"Id":"x"}', "é", "\\");
  const text = fc
    .array(fc.oneof(hostile, fc.string({ maxLength: 8 })), { maxLength: 4 })
    .map((parts) => parts.join(""));
  const entry = fc
    .tuple(
      id,
      fc.dictionary(fc.oneof(text, fc.constant("Id")), text, { maxKeys: 4 }),
      fc.array(fc.nat(9), { maxLength: 2 }),
    )
    .map(([Id, Labels, ports]) => ({
      Id,
      Names: ["/a"],
      Labels,
      Ports: ports.map((PrivatePort) => ({ PrivatePort })),
    }));
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 6 }), fc.integer({ min: 1, max: 40 }), (entries, size) => {
      const reader = new ListReader((one) => one);
      const bytes = Buffer.from(`${JSON.stringify(entries)}\n`);
      for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
      reader.end();
      assert.deepEqual(reader.entries, JSON.parse(JSON.stringify(entries)));
    }),
    { numRuns: 2_000 },
  );
});

test("the list reader reads only the id and the name of an entry that is too large, wherever it is", () => {
  const entryOf = (digit: string, size: number) => ({
    Id: digit.repeat(64),
    Names: [`/${digit}`],
    Labels: { a: "x".repeat(size) },
  });
  for (const large of [0, 1, 2]) {
    const entries = ["a", "b", "c"].map((digit, index) => entryOf(digit, index === large ? 5 * MIB : 10));
    const reader = new ListReader((one) => one);
    const bytes = Buffer.from(JSON.stringify(entries));
    for (let at = 0; at < bytes.length; at += 65_521) reader.push(bytes.subarray(at, at + 65_521));
    reader.end();
    const part = { Id: entries[large]!.Id, Names: entries[large]!.Names, Created: 0, isPart: true };
    assert.deepEqual(reader.entries, entries.with(large, part as never));
  }
});

test("the list reader splits lists of a swarm, whatever is in an entry, and keeps only the id of one that is too large", () => {
  const idOf = (index: number): string => String(index).padStart(25, "a");
  const nested = idOf(99);
  const entries = [0, 1, 2, 3].map((index) => ({
    ID: idOf(index),
    Version: { Index: index },
    Spec: { Env: [`,{"ID":"${nested}","Version":`, index === 2 ? "x".repeat(5 * MIB) : "\u2028"] },
    VolumeAttachments: [{ ID: nested }, { ID: nested, Target: "/" }],
  }));
  const bytes = Buffer.from(`${JSON.stringify(entries)}\n`);
  for (const size of [1_000_003, 65_536, 4_099]) {
    const reader = new ListReader((one) => one, "ID");
    for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
    reader.end();
    assert.deepEqual(
      reader.entries,
      entries.map((one, index) => (index === 2 ? { ID: idOf(2) } : one)),
      String(size),
    );
  }
  const small = Buffer.from(JSON.stringify(entries.filter((_, index) => index !== 2)));
  const reader = new ListReader((one) => one, "ID");
  for (const byte of small) reader.push(Buffer.of(byte));
  reader.end();
  assert.equal(reader.entries.length, 3);
});

test("a list of a swarm is rejected when its entries would need too much memory, and large entries do not count", () => {
  const entry = (index: number, bytes: number): Buffer =>
    Buffer.from(
      `${index === 0 ? "[" : ","}{"ID":"${String(index).padStart(25, "0")}","Version":{},"Env":"${"x".repeat(bytes)}"}`,
    );
  const pushAll = (count: number, bytes: number): void => {
    const reader = new ListReader(() => undefined, "ID");
    for (let index = 0; index < count; index += 1) reader.push(entry(index, bytes));
    reader.push(Buffer.from("]"));
    reader.end();
  };
  assert.throws(() => pushAll(66 * 5, MIB / 5), { code: "docker.size" });
  pushAll(66, MIB);
});

test("a service with an enormous specification costs the agent neither memory nor the other services", async () => {
  const recorded = JSON.parse(readFileSync("test/agent/swarm-answers.json", "utf8")) as Record<string, object>;
  const args = ["x".repeat(MIB)];
  const idOf = (index: number): string => String(index).padStart(25, "0");
  const task = (index: number) => {
    const { Spec, ...rest } = recorded["task"] as { Spec: { ContainerSpec: object } };
    const ContainerSpec = { ...Spec.ContainerSpec, ...(index > 0 && { Args: args }) };
    return JSON.stringify({ ...rest, ID: idOf(index), Spec: { ...Spec, ContainerSpec } });
  };
  const directory = mkdtempSync(join(tmpdir(), "sallyport-swarm-"));
  const server = http.createServer((request, response) => {
    if (request.url === "/version") response.end(JSON.stringify({ ApiVersion: "1.45", MinAPIVersion: "1.24" }));
    else response.end(`[${Array.from({ length: 20 }, (_, index) => task(index)).join()}]\n`);
  });
  try {
    await new Promise<void>((resolve) => server.listen(join(directory, "docker.sock"), resolve));
    const docker = new DockerReader(
      join(directory, "docker.sock"),
      () => undefined,
      () => true,
      true,
    );
    await docker.negotiate();
    const tasks = await docker.tasks();
    assert.equal(tasks.length, 20);
    assert.ok(JSON.stringify(tasks).length < 100_000);
    assert.ok(SwarmTask.safeParse(tasks[0]).success);
    assert.deepEqual(tasks[19], { ID: idOf(19) });
  } finally {
    server.close();
    rmSync(directory, { recursive: true });
  }
});
