import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, before, beforeEach, test } from "node:test";
import { bundle } from "../../../.ci/bundle.ts";
import { eventually } from "../../eventually.ts";
import { container, FakeAgent, INSTANCES } from "../fake-agent.ts";
import { removeDirectory } from "../../remove-directory.ts";

before(async () => await bundle("renderer", { write: true }));

let directory: string;
let agents: readonly FakeAgent[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "sallyport-agents-"));
  agents = ["a", "b"].map((digit, index) => {
    const agent = new FakeAgent(join(directory, `${digit}.sock`));
    agent.instance = INSTANCES[index]!;
    agent.first = [container(digit)];
    return agent;
  });
  writeFileSync(
    join(directory, "names.json.hbs"),
    "[{{#each containers}}{{name}}{{#unless @last}}, {{/unless}}{{/each}}]\n",
  );
});
afterEach(async () => {
  for (const agent of agents) await agent.close();
  await removeDirectory(directory);
});

/** Runs the renderer. Arguments that are file names are files of the directory. */
async function renderer(...args: string[]) {
  const resolved = args.map((arg) =>
    arg.replace(/^(-agent=)?([a-z.]+)$/, (_, flag = "", name) => `${flag}${join(directory, name)}`),
  );
  const child = spawn(process.execPath, ["dist/renderer.cjs", ...resolved], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { stdout, stderr, exitCode: child.exitCode };
}

test("prints the containers of two agents", async () => {
  const { stdout, stderr, exitCode } = await renderer("--agent", "a.sock", "--agent", "b.sock", "names.json.hbs");
  assert.deepEqual([stdout, exitCode], ['["appa", "appb"]\n', 0], stderr);
});

test("writes the containers of an agent to a file once", async () => {
  const { stderr, exitCode } = await renderer("-agent=a.sock", "names.json.hbs", "out.json");
  assert.equal(exitCode, 0, stderr);
  assert.equal(readFileSync(join(directory, "out.json"), "utf8"), '["appa"]\n');
});

test("prints the file again whenever it changes with -watch", async () => {
  const args = ["--agent", join(directory, "a.sock"), "-watch", join(directory, "names.json.hbs")];
  const child = spawn(process.execPath, ["dist/renderer.cjs", ...args], {
    env: { ...process.env, TMPDIR: directory },
    stdio: ["ignore", "pipe", "ignore"],
  });
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => (printed += part));
  const ended = once(child, "close");
  await eventually("the first version is printed", () => printed === '["appa"]\n');
  agents[0]!.send("snapshot.delta", { base: 5, generation: 6, upserted: [container("c")], removed: [] });
  await eventually("the next version is printed", () => printed === '["appa"]\n["appa", "appc"]\n');
  child.kill("SIGTERM");
  await ended;
  assert.equal(child.exitCode, 0);
  assert.deepEqual(
    readdirSync(directory).filter((name) => name.startsWith("sallyport-")),
    [],
  );
});

test("reports an agent that is not running", async () => {
  const { stderr, exitCode } = await renderer("-agent", "a.sock", "-agent", "none.sock", "names.json.hbs");
  assert.equal(exitCode, 1);
  assert.match(stderr, /none\.sock: ENOENT/);
});
