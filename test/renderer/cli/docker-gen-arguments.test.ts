import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { bundle } from "../../../.ci/bundle.ts";
import { areDockerGenArguments, configFromArguments } from "../../../renderer/cli/docker-gen-arguments.ts";
import { removeDirectory } from "../../remove-directory.ts";
import { nginxTargetOf, templateTargetOf } from "../config/target-of.ts";

describe("recognizes arguments of docker-gen by the first one", () => {
  for (const line of ["--watch t d", "--agent a.sock --watch t", "-wait=1s t", "-version", "-config a.toml"])
    test(`${line}: yes`, () => assert.ok(areDockerGenArguments(split(line))));
  for (const line of ["", "run", "--config c.yml", "--version", "import -- -watch run", "--once", "t -watch"])
    test(`${line}: no`, () => assert.ok(!areDockerGenArguments(split(line))));
});

describe("makes a configuration of docker-gen's arguments", () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-words-"));
  after(async () => await removeDirectory(directory));
  writeFileSync(join(directory, "t.hbs"), "# hosts\n{{#eachHost}}{{name}}{{/eachHost}}\n");
  writeFileSync(
    join(directory, "c.hbs"),
    "{{#each (where @root.containers 'project' 'shop')}}{{name}}{{> p}}{{/each}}\n",
  );
  writeFileSync(join(directory, "p.hbs"), "{{shortId}}\n");
  writeFileSync(join(directory, "bad.hbs"), "{{#each containers}}\n");
  const found = (line: string) => configFromArguments(split(line), directory);
  const targetOf = (line: string) => {
    const made = found(line);
    assert.ok(!("problems" in made), JSON.stringify(made));
    return made;
  };
  const problemsOf = (line: string) => JSON.stringify(found(line));
  test("with a template, a destination and a notification", () => {
    const found = targetOf("--watch --only-exposed --notify-sighup nginx t.hbs d.conf");
    const { template, destination, onlyExposed } = nginxTargetOf(found.config);
    assert.deepEqual([template, destination], [join(directory, "t.hbs"), join(directory, "d.conf")]);
    assert.equal(onlyExposed, true);
    assert.deepEqual([found.isPrinted, found.isOnce], [false, false]);
    assert.match(found.differences.join("\n"), /mount renderer\/nginx\/90-sallyport-reload\.sh/);
  });
  test("that is published once or printed", () => {
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
  test("with a template over containers, and reports how it was recognized", () => {
    const { config, differences } = targetOf("--watch -only-published -include-stopped c.hbs;p.hbs out.yml");
    const { template, format, containers } = templateTargetOf(config);
    assert.deepEqual(template, [join(directory, "c.hbs"), join(directory, "p.hbs")]);
    assert.equal(format, "yaml");
    assert.deepEqual(containers, { onlyExposed: false, onlyPublished: true, includeStopped: true, where: [] });
    assert.match(differences.join("\n"), /"c\.hbs" has `containers` in line 1: a template target/);
    assert.match(differences.join("\n"), /guessed from \.yml in "out\.yml"; values are quoted for yaml/);
  });
  test("with a template over routes, and reports the line that shows it", () => {
    assert.match(
      targetOf("-watch t.hbs d").differences.join("\n"),
      /"t\.hbs" has `eachHost` in line 2: an nginx target/,
    );
  });
  test("with a status socket of its own when it publishes once", () => {
    const socketOf = (line: string) => targetOf(line).config.statusSocket;
    assert.equal(socketOf("-watch c.hbs d"), "/tmp/status.sock");
    assert.equal(socketOf("-watch --status-socket s.sock c.hbs d"), join(directory, "s.sock"));
    assert.match(socketOf("-only-exposed c.hbs d"), /^\/tmp\/sallyport-[0-9]+\.sock$/);
    assert.equal(socketOf("-status-socket=/s.sock c.hbs d"), "/s.sock");
  });
  test("with agent sockets and a format", () => {
    const { config } = targetOf("--agent /run/a.sock -watch -agent b.sock --format toml c.hbs out.yml");
    assert.deepEqual(config.agents, [{ socket: "/run/a.sock" }, { socket: join(directory, "b.sock") }]);
    assert.equal(templateTargetOf(config).format, "toml");
  });
  test("and rejects arguments that cannot be translated", () => {
    assert.match(
      problemsOf("--watch bad.hbs d.conf"),
      /"problems":.*bad\.hbs:1:1: .* is never closed: the kind of template is unknown/,
    );
    assert.match(problemsOf("--watch none.hbs d.conf"), /"problems":.*none\.hbs: ENOENT/);
    assert.match(problemsOf("--watch --format yml c.hbs d"), /"problems":.*unknown format; did you mean yaml\?/);
    assert.match(
      problemsOf("--watch --format yaml t.hbs d"),
      /"problems":.*--format: the template is for an nginx target/,
    );
    assert.match(problemsOf("--notify x c.hbs"), /"problems":.*nothing is reloaded if the file is printed once/);
    assert.match(problemsOf("--watch other.tmpl d.conf"), /"problems":.*Go template/);
    assert.match(problemsOf("--watch --include-stoped t.hbs d.conf"), /"problems":.*did you mean -include-stopped/);
    assert.match(problemsOf("-config a.toml"), /"problems":.*import/);
    assert.match(problemsOf("-watch"), /"problems":.*no template/);
  });
});

test("import prints the configuration, what is not imported, and a matching exit code", async () => {
  await bundle("renderer", { write: true });
  const directory = mkdtempSync(join(tmpdir(), "sallyport-import-"));
  const renderer = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(process.cwd(), "dist/renderer.cjs"), ...args],
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
    assert.match(lacking.stderr, /^SKIPPED: TLS/m);
    assert.deepEqual([renderer("import", "bad.toml").status, renderer("import", "none.toml").status], [65, 65]);
    assert.equal(renderer("import").status, 64);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

function split(line: string): string[] {
  return line.split(" ").filter(Boolean);
}
