import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { eventually } from "../eventually.ts";
import { AgentProcess } from "./agent-process.ts";

const SECRET = "hunter2-canary";

describe("a command for people", () => {
  let agent: AgentProcess;
  before(async () => {
    agent = await AgentProcess.start();
    await agent.engine.run({
      name: "app",
      env: { VIRTUAL_HOST: "app.example", DB_PASSWORD: SECRET, VIRTUAL_PATH: `${SECRET}\u202e` },
      labels: { secret: SECRET },
      expose: [5000],
    });
    (await agent.subscribe()).close();
  });
  after(async () => await agent.close());

  /** Runs the agent's program as a person would. */
  async function run(...args: string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
    const program = join(agent.directory, "agent.cjs");
    return await new Promise((resolve) => {
      const child = execFile(process.execPath, [program, ...args], { env: {} }, (_error, stdout, stderr) =>
        resolve({ exitCode: child.exitCode ?? -1, stdout, stderr }),
      );
    });
  }

  const docker = (): string[] => ["--docker-socket", agent.engine.socketPath];

  test("health says how the agent is, and with 1 on standard error that nobody answers", async () => {
    const well = await eventually("the agent is well", async () => {
      const answer = await run("health", "--socket", agent.socket);
      return answer.exitCode === 0 && answer;
    });
    assert.match(well.stdout, /"docker":"connected","audit":"ok"/);
    const gone = await run("health", "--socket", `${agent.socket}.gone`);
    assert.deepEqual([gone.exitCode, gone.stdout], [1, ""]);
    assert.match(gone.stderr, /no answer at .*\.gone: ENOENT/);
  });

  test("audit report is a table, and with 3 on standard error what cannot be read", async () => {
    const table = await run("audit", "report", "--dir", agent.auditDirectory);
    assert.equal(table.exitCode, 0);
    assert.match(table.stdout, /^WHAT .*\n(.*\n)*disclosed of /);
    const none = await run("audit", "report", "--dir", join(agent.directory, "none"));
    assert.deepEqual([none.exitCode, none.stdout], [3, ""]);
    assert.match(none.stderr, /none: ENOENT/);
  });

  test("audit verify of a trail that is written to finds it whole", async () => {
    const verdict = await run("audit", "verify", "--dir", agent.auditDirectory, "--json");
    assert.equal(verdict.exitCode, 0, verdict.stdout);
    assert.match(verdict.stdout, /^\{"exitCode":0,"message":"records 1 to /);
  });

  test("policy explain shows what is told and counts the rest, whatever goes wrong", async () => {
    const shown = await run("policy", "explain", "app", ...docker());
    assert.equal(shown.exitCode, 0, shown.stderr);
    assert.match(shown.stdout, /"VIRTUAL_HOST": "app\.example"/);
    assert.match(shown.stdout, /refused:\n {2}env VIRTUAL_PATH: its value breaks a rule \(value\.charset\)/);
    const unknown = await run("policy", "explain", "nobody", ...docker());
    assert.deepEqual([unknown.exitCode, unknown.stdout], [1, ""]);
    const planned = agent.engine.api.fault("inspect", { kind: "body", text: `{"Id":"${SECRET}","x":` });
    const broken = await run("policy", "explain", "app", ...docker());
    planned.lift();
    assert.deepEqual([broken.exitCode, broken.stdout], [1, ""]);
    assert.match(broken.stderr, /^Docker at .*: docker\.[a-z]+\n$/);
    const misled = await run("policy", "explain", "app", ...docker(), "--only-porject", "x");
    assert.deepEqual([misled.exitCode, misled.stdout], [78, ""]);
    for (const { stdout, stderr } of [shown, unknown, broken, misled]) assert.ok(!(stdout + stderr).includes(SECRET));
  });

  test("a word that is no command is named, with 78", async () => {
    const answer = await run("sevre");
    assert.deepEqual([answer.exitCode, answer.stdout], [78, ""]);
    assert.match(answer.stderr, /sevre: no such command, see --help/);
    assert.match((await run("--help")).stdout, /^sallyport-agent: /);
  });
});
