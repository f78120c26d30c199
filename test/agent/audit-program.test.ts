import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { bundle } from "../../.ci/bundle.ts";
import { createKey } from "../../agent/audit-key.ts";
import { Subscription } from "../../renderer/inventory/subscription.ts";
import { Witness } from "../../renderer/inventory/witness.ts";
import type { LogFields } from "../../shared/log.ts";
import { eventually } from "../eventually.ts";
import { requires } from "../requires.ts";
import { AgentProcess } from "./agent-process.ts";
import { AgentRun } from "./agent-run.ts";

const AGENT_ID = 65_532;
const AUDITOR_ID = 65_534;

let agent: AgentProcess;
let program: string;

before(async () => {
  await bundle("audit", { write: true });
  agent = await AgentProcess.start();
  program = join(agent.directory, "audit.cjs");
  copyFileSync("dist/audit.cjs", program);
  await agent.engine.run({ name: "app", env: { VIRTUAL_HOST: "app.example" }, expose: [5000] });
  (await agent.subscribe()).close();
});
after(async () => await agent.close());

/** Runs sallyport-audit, by default as the user of its image. */
async function run(
  args: readonly string[],
  uid: number | undefined = AUDITOR_ID,
): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const user = process.getuid?.() === 0 && uid !== 0 ? { uid, gid: AGENT_ID } : {};
  return await new Promise((resolve) => {
    const child = execFile(process.execPath, [program, ...args], { env: {}, ...user }, (_error, stdout, stderr) =>
      resolve({ exitCode: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

describe("sallyport-audit", () => {
  test("verifies a trail that an agent is writing", async () => {
    const result = await run(["verify", "--audit-dir", agent.auditDirectory, "--json"]);
    assert.equal(result.exitCode, 0, result.stdout + result.stderr);
    assert.match(
      result.stdout,
      /^\{"exitCode":0,"message":"records 1 to [0-9]+ are intact, signed by sallyport\/agent\/local"\}/,
    );
  });

  test("prints a report, a proof and tiles", async () => {
    const report = await run(["report", "--audit-dir", agent.auditDirectory]);
    assert.match(report.stdout, /^EVENT .*\n(.*\n)*container [0-9a-f]{12} disclosed /);
    const proof = await run(["proof", "3", "--audit-dir", agent.auditDirectory]);
    assert.match(proof.stdout, /^c2sp\.org\/tlog-proof@v1\nindex 2\n[A-Za-z0-9+/=\n]+\n\nsallyport\/agent\/local\n/);
    const target = join(agent.directory, "tiles");
    // Other users may write to a public directory.
    const victim = join(agent.directory, "victim");
    writeFileSync(victim, "victim");
    mkdirSync(target);
    symlinkSync(victim, join(target, "checkpoint.new"));
    mkdirSync(join(target, "tile", "0", "000.p"), { recursive: true });
    const exported = await run(["export", target, "--audit-dir", agent.auditDirectory], 0);
    assert.equal(readFileSync(victim, "utf8"), "victim");
    assert.match(exported.stdout, /^wrote [0-9]+ records/);
    assert.deepEqual(readdirSync(target).toSorted(), ["checkpoint", "tile"]);
  });

  test("cannot read the agent's private key", { skip: requires("root") }, () => {
    const { mode, uid } = statSync(join(agent.auditDirectory, "key"));
    assert.deepEqual([mode & 0o777, uid], [0o600, AGENT_ID]);
  });

  const refusals: readonly [title: string, args: readonly string[], exitCode: number, message: RegExp][] = [
    [
      "a missing trail",
      ["verify", "--audit-dir", "/nowhere"],
      3,
      /"\/nowhere\/key.pub" does not exist; pass the trail's key/,
    ],
    [
      "an unreadable trail",
      ["report", "--audit-dir", "/missing-trail"],
      3,
      /"\/missing-trail": ENOENT; the user of this command/,
    ],
    ["an unknown command", ["verfy"], 64, /unknown command "verfy"; see --help/],
    ["an unknown option", ["verify", "--dir", "/x"], 64, /Unknown option '--dir'/],
    ["an invalid sequence number", ["proof", "0"], 64, /requires the sequence number of a record/],
    ["a missing target", ["export"], 64, /`export` requires a directory/],
    ["further arguments", ["verify", "more"], 64, /unexpected argument "more"/],
    ["a missing key file", ["keygen"], 64, /`keygen` requires --audit-key FILE/],
  ];
  for (const [title, args, exitCode, message] of refusals) {
    test(`exits with ${exitCode} for ${title}`, async () => {
      const result = await run(args);
      assert.equal(result.exitCode, exitCode, result.stderr);
      assert.match(result.stderr + result.stdout, message);
    });
  }
});

describe("an agent's key", () => {
  /** Starts an agent that must refuse its configuration, and returns its log. */
  async function refused(args: readonly string[]): Promise<string> {
    const other = new AgentRun("/nowhere/docker.sock", args);
    try {
      await other.run();
      await eventually("the agent exits", () => other.hasEnded);
      assert.match(other.ending ?? "", /exit 78/, other.lines.join("\n"));
      assert.deepEqual(readdirSync(other.auditDirectory), [], "writes nothing");
      return other.lines.join("\n");
    } finally {
      await other.close();
    }
  }

  test("is created by `keygen`, for the user that the agent runs as, and signs its checkpoints", async () => {
    const key = join(agent.directory, "created.key");
    const keygen = await run(["keygen", "--audit-key", key, "--host", "edge"], 0);
    assert.equal(keygen.exitCode, 0, keygen.stderr);
    assert.equal(keygen.stdout, readFileSync(`${key}.pub`, "utf8"));
    const again = await run(["keygen", "--audit-key", key, "--host", "edge"], 0);
    assert.deepEqual([again.exitCode, /EEXIST; choose another file/.test(again.stderr)], [3, true]);
    const other = new AgentRun("/nowhere/docker.sock", ["--audit-key", key, "--host", "edge"]);
    try {
      await other.run();
      await other.logs("audit.checkpointed");
      const verified = await run(["verify", "--audit-dir", other.auditDirectory, "--public-key", `${key}.pub`], 0);
      assert.match(verified.stdout, /are intact, signed by sallyport\/agent\/edge/);
      assert.ok(!readdirSync(other.auditDirectory).includes("key"));
    } finally {
      await other.close();
    }
  });

  test("is refused with its fault, which is not that of a directory", async () => {
    const key = join(agent.directory, "bad.key");
    writeFileSync(key, "secret\n", { mode: 0o600 });
    chmodSync(key, 0o644);
    assert.match(
      await refused(["--audit-key", key]),
      /--audit-key \\".*bad\.key\\": has mode 644; only the agent may read it/,
    );
    rmSync(key);
    assert.match(await refused(["--audit-key", key]), /--audit-key \\".*bad\.key\\": ENOENT; create a key with/);
    createKey(key, "sallyport/agent/edge");
    if (process.getuid?.() === 0)
      assert.match(
        await refused(["--audit-key", key]),
        /EACCES; create a key with `sallyport-audit keygen`, or let the agent's user \(65532\) read it/,
      );
  });

  test("is demanded by a trail that exists", async () => {
    const other = new AgentRun("/nowhere/docker.sock", []);
    try {
      await other.run();
      await other.logs("agent.started");
      await other.stop();
      rmSync(join(other.auditDirectory, "key"));
      await other.run();
      await eventually("the agent exits", () => other.hasEnded);
      assert.match(other.lines.join("\n"), /--audit-key .*ENOENT; create a key with/);
    } finally {
      await other.close();
    }
  });
});

describe("a second agent with the same audit directory", () => {
  for (const [title, socket, message] of [
    [
      "another socket",
      (): string => join(agent.directory, "rpc", "second.sock"),
      /another agent writes there; stop it first/,
    ],
    ["the same socket", (): string => agent.socket, /another agent writes there; stop it first/],
  ] as const) {
    test(`is refused with ${title}, and changes nothing`, async () => {
      const second = new AgentRun("/nowhere/docker.sock", ["--socket", socket(), "--audit-dir", agent.auditDirectory]);
      try {
        await second.run();
        await eventually("the second agent exits", () => second.hasEnded);
        assert.match(second.ending ?? "", /exit 78/);
        assert.match(second.lines.join("\n"), message);
        (await agent.subscribe()).close();
        const { exitCode, stdout } = await run(["verify", "--audit-dir", agent.auditDirectory]);
        assert.equal(exitCode, 0, stdout);
        assert.ok(agent.records().every(({ event, clean }) => event !== "audit.damaged" && clean !== false));
      } finally {
        await second.close();
      }
    });
  }

  test("opens no trail when only its socket is in use", async () => {
    const second = new AgentRun("/nowhere/docker.sock", ["--socket", agent.socket]);
    try {
      await second.run();
      await eventually("the second agent exits", () => second.hasEnded);
      assert.match(second.lines.join("\n"), /another process listens on/);
      assert.deepEqual(
        readdirSync(second.auditDirectory).filter((name) => !name.startsWith("lock.")),
        [],
      );
    } finally {
      await second.close();
    }
  });
});

describe("the renderer as a witness", () => {
  /** Connects as a renderer does until the witness has seen a checkpoint, and returns its log. */
  async function connect(
    of: AgentRun,
    directory: string,
  ): Promise<{ witness: Witness; events: [string, LogFields][] }> {
    const events: [string, LogFields][] = [];
    const log = (_level: string, event: string, fields: LogFields = {}): void => void events.push([event, fields]);
    const witness = new Witness(of.socket, directory, log);
    const before = witness.size;
    const stop = new AbortController();
    const subscription = new Subscription({ socket: of.socket }, log, () => undefined, witness);
    const running = subscription.run(stop.signal);
    await eventually("a checkpoint is verified", () => witness.error !== undefined || witness.size > before);
    stop.abort();
    await running;
    assert.equal(subscription.state.auditError, witness.error);
    return { witness, events };
  }

  test("accepts the trail of an agent that was restarted, and reports one that was rolled back or replaced", async () => {
    const witnessed = new AgentProcessWithTrail(await AgentProcess.start());
    const { agent: other } = witnessed;
    const directory = join(other.directory, "witness");
    try {
      await other.logs("agent.started");
      assert.equal((await connect(other, directory)).witness.error, undefined);
      await other.stop();
      witnessed.save();
      for (let round = 0; round < 2; round++) {
        await other.run();
        assert.equal((await connect(other, directory)).witness.error, undefined);
        await other.stop();
      }
      witnessed.rollBack();
      await other.run();
      const { witness, events } = await connect(other, directory);
      assert.match(
        witness.error ?? "",
        /has [0-9]+ records, fewer than the [0-9]+ seen before; verify it with sallyport-audit; to accept it, remove .*checkpoint-.*\.json and restart the renderer/,
      );
      const forked = events.find(([event]) => event === "audit.forked")?.[1];
      assert.match(String(forked?.["held"]), /^sallyport\/agent\/local\n/);
      // The fork outgrows the trail seen before.
      for (let round = 0; round < 3; round++) {
        await other.stop();
        await other.run();
        await other.logs("agent.started");
      }
      assert.match(
        (await connect(other, directory)).witness.error ?? "",
        /is not the one of [0-9]+ records seen before/,
      );
      rmSync(directory, { recursive: true });
      assert.equal((await connect(other, directory)).witness.error, undefined);
    } finally {
      await other.close();
    }
  });
});

/** An agent whose trail can be replaced by an earlier version of it. */
class AgentProcessWithTrail {
  readonly agent: AgentProcess;

  constructor(agent: AgentProcess) {
    this.agent = agent;
  }

  get #copy(): string {
    return join(this.agent.directory, "copy");
  }

  save(): void {
    mkdirSync(this.#copy);
    cpSync(this.agent.auditDirectory, this.#copy, { recursive: true, preserveTimestamps: true });
  }

  rollBack(): void {
    for (const name of readdirSync(this.#copy))
      writeFileSync(join(this.agent.auditDirectory, name), readFileSync(join(this.#copy, name)));
  }
}
