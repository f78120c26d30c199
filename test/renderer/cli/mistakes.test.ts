import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { bundle } from "../../../.ci/bundle.ts";
import { BackgroundProcess } from "../../demo/background-process.ts";
import { eventually } from "../../eventually.ts";
import { removeDirectory } from "../../remove-directory.ts";

const directory = mkdtempSync(join(tmpdir(), "sallyport-mistakes-"));
const file = (name: string): string => join(directory, name);
before(async () => {
  await bundle("renderer", { write: true });
  execFileSync("mkfifo", [file("fifo")]);
  writeFileSync(file("good.hbs"), "{{#each containers}}{{name}}\n{{/each}}");
  writeFileSync(file("binary.hbs"), Buffer.from([0xff, 0xfe, 0x41]));
});
after(async () => await removeDirectory(directory));

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly problems: readonly string[];
}

/** Runs the program as its image does. */
function run(...words: readonly string[]): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["dist/renderer.cjs", ...words], {
    encoding: "utf8",
    timeout: 20_000,
  });
  const lines = stderr.split("\n").filter((line) => line !== "");
  return { status, stdout, problems: lines.map((line) => String((JSON.parse(line) as { problem: unknown }).problem)) };
}

function check(config: string): Ended {
  writeFileSync(file("renderer.yml"), config);
  return run("check", "--config", file("renderer.yml"));
}

const configOf = (template: string, more = ""): string =>
  `agents: [{ socket: ${file("a.sock")} }]\ntargets:\n  - template: ${template}\n    destination: ${file("out")}\n    format: json\n    reload: none\n${more}`;

const AT = /^\/.*\/renderer\.yml:/;

const mistakes: readonly [title: string, config: () => string, message: RegExp][] = [
  [
    "an unknown key",
    () => configOf(file("good.hbs"), "    intervall: 1m\n"),
    /:7:5: targets\.0: unknown key "intervall", did you mean "interval"\?$/,
  ],
  [
    "a wrong type",
    () => configOf(file("good.hbs"), "    wait: 5\n"),
    /:7:11: targets\.0\.wait: must be min:max, .*, not 5$/,
  ],
  ["broken YAML", () => configOf(file("good.hbs"), "  }\n"), /:7:3: Unexpected .*\}/],
  [
    "aliases of aliases",
    () =>
      `a: &a [x,x,x,x,x,x]\n${"bcdefgh"
        .split("")
        .map((name, at) => `${name}: &${name} [${`*${"abcdefg"[at]},`.repeat(8)}]`)
        .join("\n")}\n`,
    /:2:8: aliases that make it far too large/,
  ],
  [
    "a template that is not there",
    () => configOf(file("god.hbs")),
    /:3:15: targets\.0\.template: \/.*god\.hbs: ENOENT, cannot be read; did you mean good\.hbs\?$/,
  ],
  [
    "a template that is a FIFO",
    () => configOf(file("fifo")),
    /:3:15: targets\.0\.template: .*fifo: is not a file, cannot be read$/,
  ],
  ["a template that is a directory", () => configOf(directory), /: is not a file, cannot be read$/],
  ["a template that is not text", () => configOf(file("binary.hbs")), /binary\.hbs: is not text in UTF-8$/],
];

for (const [title, config, message] of mistakes) {
  test(`${title} is one message with its place, and 78`, () => {
    const { status, stdout, problems } = check(config());
    assert.deepEqual([status, stdout, problems.length], [78, "", 1], problems.join("\n"));
    assert.match(problems[0]!, AT);
    assert.match(problems[0]!, message);
  });
}

test("a configuration that cannot be read is told with the nearest name, and 78", () => {
  writeFileSync(file("renderer.yml"), "");
  const { status, problems } = run("check", "--config", file("rendrer.yml"));
  assert.equal(status, 78);
  assert.match(
    problems.join("\n"),
    /^--config \/.*rendrer\.yml: ENOENT, cannot be read; did you mean renderer\.yml\?$/,
  );
  assert.equal(run("check", "--config", directory).status, 78);
  assert.equal(run("run", "--config", file("fifo")).status, 78);
});

test("a target that is printed is followed as any other", async () => {
  assert.equal(check(configOf(file("good.hbs")).replace(file("out"), '"-"')).status, 0);
  const words = ["dist/renderer.cjs", "run", "--config", file("renderer.yml")];
  const renderer = new BackgroundProcess("renderer", process.execPath, words);
  try {
    await eventually("it follows", () => {
      if (renderer.failure) throw renderer.failure;
      return renderer.lines.some((line) => line.includes(`"event":"target.started","destination":"-"`));
    });
  } finally {
    await renderer.stop();
  }
});

test("what is good is ok, and asks nothing of an agent", () => {
  assert.deepEqual(check(configOf(file("good.hbs"))), { status: 0, stdout: "ok\n", problems: [] });
});
