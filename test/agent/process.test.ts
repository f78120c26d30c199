import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { eventually } from "../eventually.ts";
import { AgentProcess } from "./agent-process.ts";
import { AgentRun } from "./agent-run.ts";
import { RpcClient } from "./rpc-client.ts";
import { unmount } from "../unmount.ts";
import { requires } from "../requires.ts";

const AGENT_ID = 65_532;
const RENDERER_ID = 65_533;
const STRANGER_ID = 1_234;

/** What somebody can do who has this user and group; prints the error's code, or `ok`. */
function asUser(uid: number, gid: number, code: string): string {
  const script = `try { ${code} } catch (error) { console.log(error.code) }`;
  const { stdout } = spawnSync(process.execPath, ["-e", script], { uid, gid, encoding: "utf8", cwd: "/" });
  return stdout.trim();
}

const connecting = (path: string): string =>
  `const socket = require("net").connect(${JSON.stringify(path)});
   socket.on("connect", () => { console.log("ok"); socket.destroy(); });
   socket.on("error", (error) => console.log(error.code));`;

describe("the agent's socket", { skip: requires("root") }, () => {
  let agent: AgentProcess;
  beforeEach(async () => {
    agent = await AgentProcess.start();
    await eventually("it serves", () => agent.lines.some((line) => line.includes("agent.serving")));
  });
  afterEach(async () => await agent.close());

  test("is open to its group alone, in a directory where the group can change nothing", () => {
    assert.equal(statSync(agent.socket).mode & 0o777, 0o660);
    assert.equal(statSync(agent.socket).gid, AGENT_ID);
    assert.equal(statSync(dirname(agent.socket)).mode & 0o022, 0);
    assert.equal(asUser(STRANGER_ID, STRANGER_ID, connecting(agent.socket)), "EACCES");
    assert.equal(asUser(RENDERER_ID, AGENT_ID, connecting(agent.socket)), "ok");
  });

  test("cannot be removed, replaced or opened further by the renderer", () => {
    const path = JSON.stringify(agent.socket);
    const acts = [
      `require("fs").unlinkSync(${path})`,
      `require("fs").renameSync(${path}, ${path} + ".old")`,
      `require("fs").writeFileSync(${path} + ".new", "")`,
      `require("fs").chmodSync(${path}, 0o777)`,
    ];
    for (const act of acts)
      assert.match(asUser(RENDERER_ID, AGENT_ID, `${act}; console.log("ok")`), /^E(ACCES|PERM)$/, act);
  });
});

describe("the trail on a full disk", () => {
  let agent: AgentProcess;
  afterEach(async () => {
    await agent.stop();
    await unmount(agent.auditDirectory);
    await agent.close();
  });

  /** An agent whose trail has room for some records, and then none. */
  async function startOnSmallDisk(policy: "halt" | "degrade"): Promise<void> {
    agent = await AgentProcess.start(["--audit-failure", policy, "--relist", "1"]);
    await agent.stop();
    const options = `size=16k,uid=${AGENT_ID},gid=${AGENT_ID},mode=0700`;
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", agent.auditDirectory]);
    await agent.run();
  }

  /** Every container that starts is a question and a disclosure: two records. */
  async function fillUntil(what: string, isSo: () => boolean): Promise<void> {
    let number = 0;
    await eventually(what, async () => {
      if (!isSo()) await agent.engine.run({ name: `filler${number++}`, expose: [5000] });
      return isSo();
    });
  }

  test("ends an agent that is to tell nothing unrecorded", async () => {
    await startOnSmallDisk("halt");
    await fillUntil("it ends", () => agent.hasEnded);
    assert.match(agent.ending ?? "", /exit 70/);
    assert.ok(agent.lines.some((line) => line.includes("audit.failed") && line.includes("ENOSPC")));
  });

  test("is noted as a gap by one that goes on, as soon as there is room", async () => {
    await startOnSmallDisk("degrade");
    await fillUntil("the disk is full", () => agent.lines.some((line) => line.includes("audit.failed")));
    const renderer = await agent.subscribe();
    const health = await renderer.ask("health", {});
    assert.equal("result" in health && (health.result as { audit: string }).audit, "degraded");
    execFileSync("mount", ["-o", "remount,size=1m", agent.auditDirectory]);
    await fillUntil("the gap is noted", () => agent.records().some(({ event }) => event === "audit.gap"));
    renderer.close();
  });
});

test("an agent that is told to stop while it connects to Docker ends by itself", async () => {
  const agent = await AgentProcess.start();
  try {
    for (let round = 0; round < 5; round++) {
      await agent.says("agent.serving");
      await agent.stop();
      assert.match(agent.ending ?? "", /exit 0/);
      await agent.run();
    }
  } finally {
    await agent.close();
  }
});

test("an agent that stops records the end of each connection before its own, and nothing after it", async () => {
  const agent = await AgentProcess.start();
  try {
    await agent.says("agent.serving");
    const renderer = await agent.subscribe();
    await agent.stop();
    renderer.close();
    assert.deepEqual(
      agent
        .records()
        .slice(-2)
        .map(({ event }) => event),
      ["rpc.close", "stop"],
    );
    assert.ok(!agent.lines.some((line) => line.includes("audit.failed")), agent.lines.join("\n"));
  } finally {
    await agent.close();
  }
});

test("a new agent is another instance, whose generations begin anew and grow", async () => {
  const agent = await AgentProcess.start();
  try {
    await agent.engine.run({ name: "one", expose: [5000] });
    const before = await agent.subscribe();
    await agent.engine.run({ name: "two", expose: [5000] });
    await eventually("two are told", () => before.containers.length === 2);
    const [instance, generation] = [before.replica?.instance, before.replica?.generation ?? 0];
    assert.ok(generation >= 2);
    before.close();
    await agent.stop();
    await agent.run();
    const after = await agent.subscribe();
    assert.notEqual(after.replica?.instance, instance);
    assert.equal(after.replica?.generation, 1);
    await agent.engine.run({ name: "three", expose: [5000] });
    await eventually("three are told", () => after.containers.length === 3);
    assert.ok((after.replica?.generation ?? 0) > 1);
    after.close();
  } finally {
    await agent.close();
  }
});

describe("a renderer that comes back", () => {
  let agent: AgentProcess;
  let held: NonNullable<RpcClient["replica"]>;
  beforeEach(async () => {
    agent = await AgentProcess.start();
    for (const name of ["one", "two", "three"]) await agent.engine.run({ name, expose: [5000] });
    const first = await agent.subscribe();
    await eventually("all are told", () => first.containers.length === 3);
    held = first.replica!;
    first.close();
    // While it is away, one goes and one comes.
    const witness = await agent.subscribe();
    await agent.engine.remove("two");
    await agent.engine.run({ name: "four", expose: [5000] });
    await eventually("both are known", () => witness.named("four")?.state === "running" && !witness.named("two"));
    witness.close();
  });
  afterEach(async () => await agent.close());

  const names = (client: RpcClient): string =>
    client.containers
      .map(({ name }) => name)
      .toSorted()
      .join(" ");

  test("is told what changed since the generation it names, and nothing else", async () => {
    const client = new RpcClient(agent.socket, held);
    await client.ask("hello", { protocol: { min: 1, max: 1 } });
    await client.ask("subscribe", { since: { instance: held.instance, generation: held.generation } });
    await eventually("it knows", () => names(client) === "four one three");
    assert.ok(!client.bytes.includes("snapshot.part") && !client.bytes.includes('"name":"one"'));
    await agent.engine.remove("one");
    await eventually("it is told what follows", () => names(client) === "four three");
    client.close();
  });

  const strangers: readonly [title: string, since: () => object][] = [
    ["another instance", () => ({ instance: "6f1b0a52-6a0e-4f0e-9d7e-0d6d5e1c0001", generation: 1 })],
    ["a generation that has not been", () => ({ instance: held.instance, generation: 1_000_000 })],
  ];
  for (const [title, since] of strangers) {
    test(`with ${title} is told everything`, async () => {
      const client = new RpcClient(agent.socket);
      await client.ask("hello", { protocol: { min: 1, max: 1 } });
      await client.ask("subscribe", { since: since() });
      await eventually("it knows", () => names(client) === "four one three");
      assert.ok(client.bytes.includes("snapshot.part"));
      client.close();
    });
  }
});

const refusals: readonly [title: string, args: (directory: string) => string[], words: RegExp][] = [
  [
    "a socket path that is too long",
    (directory) => ["--socket", join(directory, "x".repeat(108))],
    /a socket's path has at most 107/,
  ],
  [
    "a Docker socket that is a file",
    (directory) => ["--docker-socket", join(directory, "agent.cjs")],
    /is not a socket/,
  ],
  ["an unknown option", () => ["--relsit", "5"], /did you mean --relist/],
];
for (const [title, args, words] of refusals) {
  test(`${title} ends the start with 78 and the mend`, async () => {
    const agent = new AgentRun("/nowhere/docker.sock", []);
    try {
      const refused = new AgentRun("/nowhere/docker.sock", args(agent.directory));
      await agent.run();
      await refused.run();
      await eventually("it ends", () => refused.hasEnded);
      assert.match(refused.ending ?? "", /exit 78/);
      assert.match(refused.lines.join("\n"), words);
      await refused.close();
    } finally {
      await agent.close();
    }
  });
}

test("a Docker socket that only its owner may use is named with the mend", async () => {
  const agent = await AgentProcess.start();
  await agent.stop();
  chmodSync(agent.engine.socketPath, 0o600);
  await agent.run();
  await eventually("it ends", () => agent.hasEnded);
  assert.match(agent.lines.join("\n"), process.getuid?.() === 0 ? /has mode 600.*chmod 0660/ : /EACCES/);
  await agent.close();
});
