import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { readArguments } from "../../../renderer/commands/arguments.ts";
import { COMMAND_ENTRIES } from "../../../renderer/commands/command-table.ts";
import { configFromWords } from "../../../renderer/commands/docker-gen-words.ts";
import { commandHelp, helpText } from "../../../renderer/commands/help.ts";

const CONFIG = "/etc/sallyport/renderer.yml";
const asked = { config: CONFIG, json: false, once: false, help: false, isNamed: true, words: [], isDockerGen: false };

describe("what a command line asks for", () => {
  const cases: readonly [line: string, meant: object][] = [
    ["", { ...asked, command: "run", isNamed: false }],
    ["run", { ...asked, command: "run" }],
    ["--config c.yml", { ...asked, command: "run", config: "c.yml", isNamed: false }],
    ["run --once", { ...asked, command: "run", once: true }],
    ["check --config c.yml", { ...asked, command: "check", config: "c.yml" }],
    ["--config c.yml check", { ...asked, command: "check", config: "c.yml" }],
    ["--config run status --json", { ...asked, command: "status", config: "run", json: true }],
    ["--help", { ...asked, command: "run", isNamed: false, help: true }],
    ["status --help", { ...asked, command: "status", help: true }],
    ["import a.toml b.toml", { ...asked, command: "import", words: ["a.toml", "b.toml"] }],
    ["import -- -watch run", { ...asked, command: "import", words: ["--", "-watch", "run"] }],
    ["--watch t d", { ...asked, command: "run", isNamed: false, isDockerGen: true, words: ["--watch", "t", "d"] }],
    ["-wait=1s t", { ...asked, command: "run", isNamed: false, isDockerGen: true, words: ["-wait=1s", "t"] }],
    ["completion bash", { ...asked, command: "completion", words: ["bash"] }],
  ];
  for (const [line, meant] of cases) {
    test(line === "" ? "no word" : line, () => assert.deepEqual({ ...readArguments(words(line)) }, meant));
  }
});

describe("a mistake is named", () => {
  const cases: readonly [line: string, message: RegExp][] = [
    ["sttus", /sttus: no such command, did you mean status\?/],
    ["frobnicate", /frobnicate: no such command, see --help/],
    ["check more", /more: unexpected word/],
    ["check --json", /check: takes no --json/],
    ["status --jsn", /--jsn: unknown option, did you mean --json\?/],
    ["status --config", /--config/],
  ];
  for (const [line, message] of cases) {
    test(line, () => assert.match(JSON.stringify(readArguments(words(line))), message));
  }
});

test("the help names every command, and each command's help has an example of it", () => {
  for (const [name, entry] of COMMAND_ENTRIES) {
    assert.match(helpText(), new RegExp(`^  ${name} `, "m"));
    assert.match(commandHelp(name, entry), new RegExp(`# .*\\n.* ${name}`));
  }
});

describe("docker-gen's words alone", () => {
  const problemsOf = (line: string) => JSON.stringify(configFromWords(words(line), "/srv"));
  test("are a configuration when all of it is possible", () => {
    const found = configFromWords(words("--watch --only-exposed --notify-sighup nginx t.hbs d.conf"), "/srv");
    assert.ok(!("problems" in found), JSON.stringify(found));
    const { template, destination, onlyExposed } = found.config.targets[0]!;
    assert.deepEqual([template, destination, onlyExposed], ["/srv/t.hbs", "/srv/d.conf", true]);
    assert.deepEqual([found.isPrinted, found.isOnce], [false, false]);
    assert.match(found.differences.join("\n"), /mount renderer\/nginx\/90-sallyport-reload\.sh/);
  });
  test("say whether it is done once, and printed", () => {
    const ways = ["-only-exposed t.hbs", "-only-exposed t.hbs d.conf", "-watch t.hbs d.conf"].map((line) => {
      const found = configFromWords(words(line), "/srv");
      return "problems" in found ? found.problems : [found.isOnce, found.isPrinted];
    });
    assert.deepEqual(ways, [
      [true, true],
      [true, false],
      [false, false],
    ]);
  });
  test("are refused when something would be left out", () => {
    assert.match(problemsOf("--watch --interval 5 t.hbs d.conf"), /"problems":.*every 5 s/);
    assert.match(problemsOf("--watch t.tmpl d.conf"), /"problems":.*Go template/);
    assert.match(problemsOf("--watch --include-stoped t.hbs d.conf"), /"problems":.*\(-include-stopped\?\)/);
    assert.match(problemsOf("-config a.toml"), /"problems":.*import/);
    assert.match(problemsOf("-watch"), /"problems":.*no template/);
  });
});

test("import prints the configuration, says what is left out, and ends with a code that tells", () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-import-"));
  const renderer = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["--import", import.meta.resolve("tsx"), join(process.cwd(), "renderer/main.ts"), ...args],
      { encoding: "utf8", cwd: directory },
    );
    return { status, stdout, stderr };
  };
  try {
    writeFileSync(join(directory, "a.toml"), '[[config]]\ntemplate = "nginx.tmpl"\ndest = "a.conf"\nwatch = true\n');
    writeFileSync(join(directory, "bad.toml"), "[[config]");
    const whole = renderer("import", "a.toml");
    assert.equal(whole.status, 0);
    assert.ok(whole.stdout.includes(`destination: ${directory}/a.conf`), whole.stdout);
    assert.match(whole.stderr, /^DIFFERS: /m);
    const lacking = renderer("import", "--", "docker-gen", "-interval", "5", "nginx.tmpl", "a.conf");
    assert.equal(lacking.status, 1);
    assert.match(lacking.stderr, /^LEFT OUT: every 5 s/m);
    assert.deepEqual([renderer("import", "bad.toml").status, renderer("import", "none.toml").status], [65, 65]);
    assert.match(renderer("import").stderr, /import FILE\.toml/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

function words(line: string): string[] {
  return line.split(" ").filter(Boolean);
}
