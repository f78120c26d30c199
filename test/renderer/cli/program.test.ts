import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { type Environment, runProgram } from "../../../renderer/cli/program.ts";
import { VERSION } from "../../../renderer/status/version.ts";

/** Runs a command line without an environment, as if its log were discarded. */
async function run(line: string) {
  const environment: Environment = { log: () => undefined, variables: {}, directory: process.cwd() };
  return await runProgram(line.split(" ").filter(Boolean), environment);
}

describe("reports a usage error with a hint and exit code 64:", () => {
  const cases: readonly [line: string, message: RegExp][] = [
    ["sttus", /^sallyport-renderer: unknown command 'sttus'; did you mean status\?$/],
    ["frobnicate", /^sallyport-renderer: unknown command 'frobnicate'; see sallyport-renderer --help$/],
    [
      "check more",
      /^sallyport-renderer check: too many arguments for 'check'\. .*; see sallyport-renderer check --help$/,
    ],
    ["check --json", /^sallyport-renderer check: unknown option '--json'; see sallyport-renderer check --help$/],
    ["status --jsn", /^sallyport-renderer status: unknown option '--jsn'; did you mean --json\?$/],
    ["status --config", /status: option '--config <file>' argument missing; see sallyport-renderer status --help$/],
    ["status --config=", /status: option '--config <file>' argument '' is invalid\. It requires a file name;/],
    [
      "status --config --json",
      /status: option '--config <file>' argument '--json' is invalid\. It requires a file name;/,
    ],
    ["check --config a.yml --config b.yml", /check: .* argument 'b\.yml' is invalid\. It is given twice;/],
    ["status --json=yes", /status: unknown option '--json=yes';/],
    ["--watc t d", /^sallyport-renderer: unknown option '--watc'; did you mean --watch\?$/],
    ["-x", /^sallyport-renderer run: unknown option '-x'; see/],
    [
      "explain",
      /^sallyport-renderer explain: missing required argument 'name'; see sallyport-renderer explain --help$/,
    ],
    ["explain --frobnicate web", /explain: unknown option '--frobnicate'; see/],
    ["import", /^sallyport-renderer import: missing required argument 'file'; see/],
    ["import docker-gen -watch", /^sallyport-renderer import: unknown option '-watch'; /],
    ["import nginx-proxy --polcy", /nginx-proxy: unknown option '--polcy'; did you mean --policy\?$/],
  ];
  for (const [line, message] of cases) {
    test(line, async () => {
      const { stdout, stderr, exitCode } = await run(line);
      assert.deepEqual([stdout, exitCode], ["", 64]);
      assert.match(stderr.trimEnd(), message);
    });
  }
});

describe("reads the configuration file that is named", () => {
  for (const line of [
    "check --config /none.yml",
    "--config /none.yml check",
    "status --config=/none.yml --json",
    "--config /none.yml status",
    "explain --config /none.yml web",
  ]) {
    test(line, async () => {
      const { stderr, exitCode } = await run(line);
      assert.match(stderr, /^--config \/none\.yml: ENOENT, cannot be read/);
      assert.equal(exitCode, 78);
    });
  }

  for (const line of [
    "--config /none.yml",
    "run --config /none.yml",
    "--once --config /none.yml",
    "run --once --config /none.yml",
  ]) {
    test(`and logs that it is rejected: ${line}`, async () => {
      const logged: string[] = [];
      const log: Environment["log"] = (level, event, fields) =>
        void logged.push(`${level} ${event} ${fields?.["error"]}`);
      const { exitCode } = await runProgram(line.split(" "), { log, variables: {}, directory: "/" });
      assert.match(logged.join(), /^error config\.rejected --config \/none\.yml: ENOENT, cannot be read/);
      assert.equal(exitCode, 78);
    });
  }
});

test("prints the version of the package", async () => {
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  assert.equal(VERSION, version);
  assert.deepEqual(await run("--version"), { stdout: `${version}\n`, stderr: "", exitCode: 0 });
});

describe("prints help with examples", () => {
  const commands = "run check render diff snapshot status explain health import".split(" ");
  for (const line of ["--help", "-h", "help"]) {
    test(`for all commands: ${line}`, async () => {
      const { stdout, exitCode } = await run(line);
      assert.equal(exitCode, 0);
      for (const command of commands) assert.match(stdout, new RegExp(`^  ${command} `, "m"));
    });
  }
  for (const command of commands) {
    test(`for ${command}`, async () => {
      const { stdout, exitCode } = await run(`${command} --help`);
      assert.equal(exitCode, 0);
      assert.match(stdout, new RegExp(`Examples:\n  # .*\n  sallyport-renderer ${command}`));
      assert.deepEqual(await run(`help ${command}`), { stdout, stderr: "", exitCode: 0 });
    });
  }
});
