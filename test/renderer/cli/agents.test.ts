import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, test } from "node:test";
import { eventually } from "../../eventually.ts";
import { anchor, container, FakeAgent, INSTANCES } from "../fake-agent.ts";
import { removeDirectory } from "../../remove-directory.ts";

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

/** Words that are names of files are files of the directory. */
async function renderer(...words: string[]) {
  const named = words.map((word) =>
    word.replace(/^(-agent=)?([a-z.]+)$/, (_, flag = "", name) => `${flag}${join(directory, name)}`),
  );
  const args = ["--import", "tsx", "renderer/main.ts", ...named];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { stdout, stderr, exitCode: child.exitCode };
}

test("docker-gen's words with two agents print the containers of both", async () => {
  const { stdout, stderr, exitCode } = await renderer("--agent", "a.sock", "--agent", "b.sock", "names.json.hbs");
  assert.deepEqual([stdout, exitCode], ['["appa", "appb"]\n', 0], stderr);
});

test("docker-gen's words with one agent keep a file of its containers, once", async () => {
  const { stderr, exitCode } = await renderer("-agent=a.sock", "names.json.hbs", "out.json");
  assert.equal(exitCode, 0, stderr);
  assert.equal(readFileSync(join(directory, "out.json"), "utf8"), '["appa"]\n');
});

test("docker-gen's words without a file print it whenever it is another, until the end", async () => {
  const words = ["--agent", join(directory, "a.sock"), "-watch", join(directory, "names.json.hbs")];
  const child = spawn(process.execPath, ["--import", "tsx", "renderer/main.ts", ...words], {
    env: { ...process.env, TMPDIR: directory },
    stdio: ["ignore", "pipe", "ignore"],
  });
  let printed = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => (printed += part));
  const ended = once(child, "close");
  await eventually("the first is printed", () => printed === '["appa"]\n');
  agents[0]!.tell("snapshot.delta", { base: 5, generation: 6, upserted: [container("c")], removed: [], anchor });
  await eventually("the next one is printed", () => printed === '["appa"]\n["appa", "appc"]\n');
  child.kill("SIGTERM");
  await ended;
  assert.equal(child.exitCode, 0);
  assert.deepEqual(
    readdirSync(directory).filter((name) => name.startsWith("sallyport-")),
    [],
  );
});

test("an agent that is not there is named", async () => {
  const { stderr, exitCode } = await renderer("-agent", "a.sock", "-agent", "none.sock", "names.json.hbs");
  assert.equal(exitCode, 1);
  assert.match(stderr, /none\.sock: ENOENT/);
});
