import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { eventually } from "../eventually.ts";
import { AgentProcess } from "./agent-process.ts";

const SECRET = "hunter2-canary";

describe("commands", () => {
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

  /** Runs the agent's program with an empty environment. */
  async function run(...args: string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
    const program = join(agent.directory, "agent.cjs");
    return await new Promise((resolve) => {
      const child = execFile(process.execPath, [program, ...args], { env: {} }, (_error, stdout, stderr) =>
        resolve({ exitCode: child.exitCode ?? -1, stdout, stderr }),
      );
    });
  }

  const docker = (): string[] => ["--docker-socket", agent.engine.socketPath];

  test("health prints the agent's state, or exits with 1 and an error if it does not respond", async () => {
    const healthy = await eventually("the agent is healthy", async () => {
      const result = await run("health", "--socket", agent.socket);
      return result.exitCode === 0 && result;
    });
    assert.match(healthy.stdout, /"docker":"connected","audit":"ok"/);
    const gone = await run("health", "--socket", `${agent.socket}.gone`);
    assert.deepEqual([gone.exitCode, gone.stdout], [1, ""]);
    assert.match(gone.stderr, /no valid response from ".*\.gone": ENOENT; start the agent/);
  });

  test("policy explain prints disclosed values and never a withheld one, even on errors", async () => {
    const shown = await run("policy", "explain", "app", ...docker());
    assert.equal(shown.exitCode, 0, shown.stderr);
    assert.match(shown.stdout, /"VIRTUAL_HOST": "app\.example"/);
    assert.match(
      shown.stdout,
      /withheld because of their values:\n {2}env VIRTUAL_PATH: the value contains forbidden characters/,
    );
    const unknown = await run("policy", "explain", "missing", ...docker());
    assert.deepEqual([unknown.exitCode, unknown.stdout], [1, ""]);
    const planned = agent.engine.api.fault("inspect", { kind: "body", text: `{"Id":"${SECRET}","x":` });
    const broken = await run("policy", "explain", "app", ...docker());
    planned.lift();
    assert.deepEqual([broken.exitCode, broken.stdout], [1, ""]);
    assert.match(broken.stderr, /^--docker-socket ".*": Docker's response [a-z ]+\n$/);
    const misled = await run("policy", "explain", "app", ...docker(), "--polciy", "x");
    assert.deepEqual([misled.exitCode, misled.stdout], [78, ""]);
    for (const { stdout, stderr } of [shown, unknown, broken, misled]) assert.ok(!(stdout + stderr).includes(SECRET));
  });

  test("exits with 78 for an unknown command", async () => {
    const result = await run("sevre");
    assert.deepEqual([result.exitCode, result.stdout], [78, ""]);
    assert.match(result.stderr, /unknown command \\"sevre\\"; see --help/);
  });

  test("--help describes every option with its default", async () => {
    const { stdout } = await run("--help");
    assert.match(stdout, /^Usage: sallyport-agent /);
    assert.match(stdout, /^ {2}--relist SECONDS {11}interval .* \(default: 60\)$/m);
    assert.match(stdout, /^ {2}--exit-when-refused {8}exit, to be restarted, when/m);
  });
});
