import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import * as net from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { missingConfinement } from "../../agent/confinement.ts";
import { listen } from "../../agent/listen.ts";
import { PROTOCOL } from "../../shared/rpc.ts";
import { eventually } from "../eventually.ts";
import { AgentProcess } from "./agent-process.ts";
import { AgentRun } from "./agent-run.ts";
import { RpcClient } from "./rpc-client.ts";
import { unmount } from "../unmount.ts";
import { requires } from "../requires.ts";

const AGENT_ID = 65_532;
const RENDERER_ID = 65_533;
const OTHER_USER_ID = 1_234;

/** Runs code as this user and group. Returns its output or the error's code. */
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
    await agent.logs("agent.started");
  });
  afterEach(async () => await agent.close());

  test("is accessible to its group only, in a directory that the group cannot change", () => {
    assert.equal(statSync(agent.socket).mode & 0o777, 0o660);
    assert.equal(statSync(agent.socket).gid, AGENT_ID);
    assert.equal(statSync(dirname(agent.socket)).mode & 0o022, 0);
    assert.equal(asUser(OTHER_USER_ID, OTHER_USER_ID, connecting(agent.socket)), "EACCES");
    assert.equal(asUser(RENDERER_ID, AGENT_ID, connecting(agent.socket)), "ok");
  });

  test("cannot be removed, replaced or made accessible by the renderer", () => {
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

test("an agent does not replace a socket whose process is too busy to accept connections", async () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-busy-"));
  const path = join(directory, "rpc.sock");
  const script = `require("node:net").createServer().listen({ path: process.argv[1], backlog: 1 })`;
  const busy = spawn(process.execPath, ["-e", script, path], { stdio: "ignore" });
  const clients: net.Socket[] = [];
  try {
    await eventually("the process listens", async () => {
      const client = net.connect(path);
      clients.push(client);
      return await once(client, "connect").then(
        () => true,
        () => false,
      );
    });
    busy.kill("SIGSTOP");
    let isFull = false;
    await eventually("the queue is full", () => {
      clients.push(net.connect(path).on("error", ({ code }: NodeJS.ErrnoException) => (isFull ||= code === "EAGAIN")));
      return isFull;
    });
    await assert.rejects(listen(net.createServer(), path), /another process listens on/);
  } finally {
    for (const client of clients) client.destroy();
    busy.kill("SIGKILL");
    rmSync(directory, { recursive: true });
  }
});

describe("the audit trail on a full disk", () => {
  let agent: AgentProcess;
  afterEach(async () => {
    await agent.stop();
    await unmount(agent.auditDirectory);
    await agent.close();
  });

  /** Starts an agent whose trail has room for a few records only. */
  async function startOnSmallDisk(policy: "halt" | "degrade"): Promise<void> {
    agent = await AgentProcess.start(["--audit-failure", policy, "--relist", "1"]);
    await agent.stop();
    const options = `size=16k,uid=${AGENT_ID},gid=${AGENT_ID},mode=0700`;
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", agent.auditDirectory]);
    await agent.run();
  }

  /** Starts containers until the condition holds. Each adds two records: an inspect and a disclosure. */
  async function fillUntil(what: string, condition: () => boolean): Promise<void> {
    let number = 0;
    await eventually(what, async () => {
      if (!condition()) await agent.engine.run({ name: `filler${number++}`, expose: [5000] });
      return condition();
    });
  }

  test("stops the agent with --audit-failure halt", async () => {
    await startOnSmallDisk("halt");
    await fillUntil("the agent stops", () => agent.hasEnded);
    assert.match(agent.ending ?? "", /exit 70/);
    assert.ok(agent.lines.some((line) => line.includes("audit.failed") && line.includes("ENOSPC")));
  });

  test("is recorded as a gap with --audit-failure degrade as soon as there is space", async () => {
    await startOnSmallDisk("degrade");
    await fillUntil("the disk is full", () => agent.lines.some((line) => line.includes("audit.failed")));
    const renderer = await agent.subscribe();
    const health = await renderer.call("health", {});
    assert.equal("result" in health && (health.result as { audit: string }).audit, "degraded");
    execFileSync("mount", ["-o", "remount,size=1m", agent.auditDirectory]);
    await fillUntil("the gap is recorded", () => agent.records().some(({ event }) => event === "audit.gap"));
    renderer.close();
  });
});

test("exits with 0 on SIGTERM while it connects to Docker", async () => {
  const agent = await AgentProcess.start();
  try {
    for (let round = 0; round < 5; round++) {
      await agent.logs("agent.started");
      await agent.stop();
      assert.match(agent.ending ?? "", /exit 0/);
      await agent.run();
    }
  } finally {
    await agent.close();
  }
});

test("records the close of each connection before its own stop", async () => {
  const agent = await AgentProcess.start();
  try {
    await agent.logs("agent.started");
    const renderer = await agent.subscribe();
    await agent.stop();
    renderer.close();
    assert.deepEqual(
      agent
        .records()
        .slice(-3)
        .map(({ event }) => event),
      ["rpc.close", "stop", "audit.checkpoint"],
    );
    assert.ok(!agent.lines.some((line) => line.includes("audit.failed")), agent.lines.join("\n"));
  } finally {
    await agent.close();
  }
});

test("a restarted agent has a new instance and starts with generation 1", async () => {
  const agent = await AgentProcess.start();
  try {
    await agent.engine.run({ name: "one", expose: [5000] });
    const before = await agent.subscribe();
    await agent.engine.run({ name: "two", expose: [5000] });
    await eventually("two containers are disclosed", () => before.containers.length === 2);
    const [instance, generation] = [before.stateCopy?.instance, before.stateCopy?.generation ?? 0];
    assert.ok(generation >= 2);
    before.close();
    await agent.stop();
    await agent.run();
    const after = await agent.subscribe();
    assert.notEqual(after.stateCopy?.instance, instance);
    assert.equal(after.stateCopy?.generation, 1);
    await agent.engine.run({ name: "three", expose: [5000] });
    await eventually("three containers are disclosed", () => after.containers.length === 3);
    assert.ok((after.stateCopy?.generation ?? 0) > 1);
    after.close();
  } finally {
    await agent.close();
  }
});

describe("a renderer that reconnects", () => {
  let agent: AgentProcess;
  let held: NonNullable<RpcClient["stateCopy"]>;
  beforeEach(async () => {
    agent = await AgentProcess.start();
    for (const name of ["one", "two", "three"]) await agent.engine.run({ name, expose: [5000] });
    const first = await agent.subscribe();
    await eventually("all containers are disclosed", () => first.containers.length === 3);
    held = first.stateCopy!;
    first.close();
    // While it is disconnected, one container is removed and one is started.
    const witness = await agent.subscribe();
    await agent.engine.remove("two");
    await agent.engine.run({ name: "four", expose: [5000] });
    await eventually(
      "both changes are known",
      () => witness.named("four")?.state === "running" && !witness.named("two"),
    );
    witness.close();
  });
  afterEach(async () => await agent.close());

  const names = (client: RpcClient): string =>
    client.containers
      .map(({ name }) => name)
      .toSorted()
      .join(" ");

  test("receives only changes since the generation it holds", async () => {
    const client = new RpcClient(agent.socket, held);
    await client.call("hello", { protocol: { min: PROTOCOL, max: PROTOCOL } });
    await client.call("subscribe", { since: { instance: held.instance, generation: held.generation } });
    await eventually("the state is complete", () => names(client) === "four one three");
    assert.ok(!client.bytes.includes("snapshot.part") && !client.bytes.includes('"name":"one"'));
    await agent.engine.remove("one");
    await eventually("further changes arrive", () => names(client) === "four three");
    client.close();
  });

  const unknown: readonly [title: string, since: () => object][] = [
    ["another instance", () => ({ instance: "6f1b0a52-6a0e-4f0e-9d7e-0d6d5e1c0001", generation: 1 })],
    ["a future generation", () => ({ instance: held.instance, generation: 1_000_000 })],
  ];
  for (const [title, since] of unknown) {
    test(`receives a full snapshot for ${title}`, async () => {
      const client = new RpcClient(agent.socket);
      await client.call("hello", { protocol: { min: PROTOCOL, max: PROTOCOL } });
      await client.call("subscribe", { since: since() });
      await eventually("the state is complete", () => names(client) === "four one three");
      assert.ok(client.bytes.includes("snapshot.part"));
      client.close();
    });
  }
});

const refusals: readonly [title: string, args: (directory: string) => string[], message: RegExp][] = [
  [
    "a socket path that is too long",
    (directory) => ["--socket", join(directory, "x".repeat(108))],
    /the path of a Unix socket has at most 107/,
  ],
  [
    "a Docker socket that is a regular file",
    (directory) => ["--docker-socket", join(directory, "agent.cjs")],
    /is not a socket/,
  ],
  [
    "--swarm with a policy that inspects no containers",
    (directory) => {
      writeFileSync(join(directory, "policy.json"), JSON.stringify({ mode: "labels only" }));
      return ["--swarm", "--policy", join(directory, "policy.json")];
    },
    /--swarm: Docker lists tasks with their environment.*remove one of them/,
  ],
  ["an unknown option", () => ["--relsit", "5"], /did you mean --relist/],
];
for (const [title, args, message] of refusals) {
  test(`exits with 78 and a hint for ${title}`, async () => {
    const agent = new AgentRun("/nowhere/docker.sock", []);
    try {
      const refused = new AgentRun("/nowhere/docker.sock", args(agent.directory));
      await agent.run();
      await refused.run();
      await eventually("the agent exits", () => refused.hasEnded);
      assert.match(refused.ending ?? "", /exit 78/);
      assert.match(refused.lines.join("\n"), message);
      await refused.close();
    } finally {
      await agent.close();
    }
  });
}

test("reports a Docker socket without group permission, with a hint", async () => {
  const agent = await AgentProcess.start();
  await agent.stop();
  chmodSync(agent.engine.socketPath, 0o600);
  await agent.run();
  await eventually("the agent exits", () => agent.hasEnded);
  assert.match(agent.lines.join("\n"), process.getuid?.() === 0 ? /has mode 600.*chmod 0660/ : /EACCES/);
  await agent.close();
});

describe("an agent reports at start what does not confine it", () => {
  const CONFINED = "CapBnd:\t00000000000000c0\nNoNewPrivs:\t1\nSeccomp:\t2\n";
  const HEAD = "Iface\tDestination\tGateway\n";
  const LOOPBACK = `${"0".repeat(31)}1 01 80 10 80       lo\n`;
  const rows: [title: string, files: Record<string, string>, missing: RegExp[]][] = [
    ["nothing with compose.yml", { status: CONFINED, "net/route": HEAD, "net/if_inet6": LOOPBACK }, []],
    ["nothing that the kernel does not report", {}, []],
    ["privileges that it could gain", { status: CONFINED.replace("Privs:\t1", "Privs:\t0") }, [/^no-new-privileges$/]],
    ["no seccomp profile", { status: CONFINED.replace("Seccomp:\t2", "Seccomp:\t0") }, [/^a seccomp profile$/]],
    ["Docker's default capabilities", { status: CONFINED.replace("0000c0", "25fb00") }, [/`cap_drop`/]],
    ["a network", { status: CONFINED, "net/route": `${HEAD}eth0\t00000000\t010011AC\n` }, [/`network_mode: none`/]],
    [
      "an IPv6 network",
      { status: CONFINED, "net/if_inet6": `${LOOPBACK}fe80 04 40 20 80     eth0\n` },
      [/has a network/],
    ],
  ];
  for (const [title, files, missing] of rows)
    test(title, () => {
      const found = missingConfinement((file) => files[file] ?? "");
      assert.equal(found.length, missing.length, found.join());
      for (const [index, one] of missing.entries()) assert.match(found[index]!, one);
    });
});
