import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { readArguments } from "../../../renderer/cli/arguments.ts";
import { COMMAND_ENTRIES } from "../../../renderer/cli/command-table.ts";
import { configFromWords } from "../../../renderer/cli/docker-gen-arguments.ts";
import { commandHelp, helpText } from "../../../renderer/cli/help.ts";
import { removeDirectory } from "../../remove-directory.ts";

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
    ["-h", { ...asked, command: "run", isNamed: false, help: true }],
    ["help", { ...asked, command: "run", isNamed: false, help: true }],
    ["help explain", { ...asked, command: "explain", help: true }],
    ["explain -h", { ...asked, command: "explain", help: true }],
    ["import a.toml b.toml", { ...asked, command: "import", words: ["a.toml", "b.toml"] }],
    ["import -- -watch run", { ...asked, command: "import", words: ["--", "-watch", "run"] }],
    ["--watch t d", { ...asked, command: "run", isNamed: false, isDockerGen: true, words: ["--watch", "t", "d"] }],
    [
      "--agent a.sock --watch t",
      { ...asked, command: "run", isNamed: false, isDockerGen: true, words: words("--agent a.sock --watch t") },
    ],
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
    ["status --config", /--config: FILE is missing behind it/],
    ["status --config=", /--config: FILE is missing behind it/],
    ["status --config --json", /--config: FILE is missing behind it/],
    ["check --config a.yml --config b.yml", /--config: given twice/],
    ["status --json=yes", /--json: takes no value, not yes/],
    ["--watc t d", /--watc: unknown option, did you mean --watch\?/],
    ["-x", /-x: unknown option/],
    ["explain --frobnicate web", /--frobnicate: unknown option, see --help/],
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
  const directory = mkdtempSync(join(tmpdir(), "sallyport-words-"));
  after(async () => await removeDirectory(directory));
  writeFileSync(join(directory, "t.hbs"), "# hosts\n{{#eachHost}}{{name}}{{/eachHost}}\n");
  writeFileSync(
    join(directory, "c.hbs"),
    "{{#each (where @root.containers 'project' 'shop')}}{{name}}{{> p}}{{/each}}\n",
  );
  writeFileSync(join(directory, "p.hbs"), "{{shortId}}\n");
  writeFileSync(join(directory, "bad.hbs"), "{{#each containers}}\n");
  const found = (line: string) => configFromWords(words(line), directory);
  const targetOf = (line: string) => {
    const made = found(line);
    assert.ok(!("problems" in made), JSON.stringify(made));
    return { ...made, target: made.config.targets[0]! };
  };
  const problemsOf = (line: string) => JSON.stringify(found(line));
  test("are a configuration when all of it is possible", () => {
    const found = targetOf("--watch --only-exposed --notify-sighup nginx t.hbs d.conf");
    const { template, destination, onlyExposed, format } = found.target;
    assert.deepEqual([template, destination], [join(directory, "t.hbs"), join(directory, "d.conf")]);
    assert.deepEqual([onlyExposed, format], [true, undefined]);
    assert.deepEqual([found.isPrinted, found.isOnce], [false, false]);
    assert.match(found.differences.join("\n"), /mount renderer\/nginx\/90-sallyport-reload\.sh/);
  });
  test("say whether it is done once, and printed", () => {
    const ways = ["-only-exposed t.hbs", "-only-exposed t.hbs d.conf", "-watch t.hbs d.conf"].map((line) => {
      const { isOnce, isPrinted } = targetOf(line);
      return [isOnce, isPrinted];
    });
    assert.deepEqual(ways, [
      [true, true],
      [true, false],
      [false, false],
    ]);
  });
  test("take a template over containers for what it is, and say how that was seen", () => {
    const { target, differences } = targetOf("--watch -only-published -include-stopped c.hbs;p.hbs out.yml");
    const { template, format, containers } = target;
    assert.deepEqual(template, [join(directory, "c.hbs"), join(directory, "p.hbs")]);
    assert.equal(format, "yaml");
    assert.deepEqual(containers, { onlyPublished: true, includeStopped: true, where: [] });
    assert.match(differences.join("\n"), /"c\.hbs" names `containers` in line 1: it prints of containers/);
    assert.match(differences.join("\n"), /guessed, for "out\.yml" ends in \.yml: values are quoted as yaml needs it/);
  });
  test("say by which line a template over routes is known", () => {
    assert.match(
      targetOf("-watch t.hbs d").differences.join("\n"),
      /"t\.hbs" has `eachHost` in line 2: it prints routes/,
    );
  });
  test("that are done once do not meet a renderer that goes on; others are asked where somebody says", () => {
    const socketOf = (line: string) => targetOf(line).config.statusSocket;
    assert.equal(socketOf("-watch c.hbs d"), "/tmp/status.sock");
    assert.equal(socketOf("-watch --status-socket s.sock c.hbs d"), join(directory, "s.sock"));
    assert.match(socketOf("-only-exposed c.hbs d"), /^\/tmp\/sallyport-[0-9]+\.sock$/);
    assert.equal(socketOf("-status-socket=/s.sock c.hbs d"), "/s.sock");
  });
  test("take the agents' sockets and the format", () => {
    const { config, target } = targetOf("--agent /run/a.sock -watch -agent b.sock --format toml c.hbs out.yml");
    assert.deepEqual(config.agents, [{ socket: "/run/a.sock" }, { socket: join(directory, "b.sock") }]);
    assert.equal(target.format, "toml");
  });
  test("are refused when something would be left out", () => {
    assert.match(
      problemsOf("--watch bad.hbs d.conf"),
      /"problems":.*bad\.hbs: Parse error on line 2: what it prints of cannot be told/,
    );
    assert.match(problemsOf("--watch none.hbs d.conf"), /"problems":.*none\.hbs: ENOENT/);
    assert.match(problemsOf("--watch --format yml c.hbs d"), /"problems":.*no such format, did you mean yaml\?/);
    assert.match(problemsOf("--watch --format yaml t.hbs d"), /"problems":.*routes, which have no other format/);
    assert.match(problemsOf("--notify x c.hbs"), /"problems":.*nobody is told of what is printed once/);
    assert.match(problemsOf("--watch other.tmpl d.conf"), /"problems":.*Go template/);
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
    const lacking = renderer("import", "--", "docker-gen", "-tlsverify", "nginx.tmpl", "a.conf");
    assert.equal(lacking.status, 1);
    assert.match(lacking.stderr, /^LEFT OUT: TLS/m);
    assert.deepEqual([renderer("import", "bad.toml").status, renderer("import", "none.toml").status], [65, 65]);
    assert.match(renderer("import").stderr, /import FILE\.toml/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

function words(line: string): string[] {
  return line.split(" ").filter(Boolean);
}
