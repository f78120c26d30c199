import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { bundle } from "../../../.ci/bundle.ts";
import { BackgroundProcess } from "../../demo/background-process.ts";
import { eventually } from "../../eventually.ts";
import { removeDirectory } from "../../remove-directory.ts";

const directory = mkdtempSync(join(tmpdir(), "sallyport-check-"));
const file = (name: string): string => join(directory, name);
before(async () => {
  await bundle("renderer", { write: true });
  execFileSync("mkfifo", [file("fifo")]);
  writeFileSync(file("good.hbs"), "{{#each containers}}{{name}}\n{{/each}}");
  writeFileSync(file("binary.hbs"), Buffer.from([0xff, 0xfe, 0x41]));
});
after(async () => await removeDirectory(directory));

/** Runs the bundled program, as its image does. */
function run(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ["dist/renderer.cjs", ...args], {
    encoding: "utf8",
    timeout: 20_000,
  });
  return { status, stdout, errors: stderr.split("\n").filter((line) => line !== "") };
}

function check(config: string) {
  writeFileSync(file("renderer.yml"), config);
  return run("check", "--config", file("renderer.yml"));
}

const configOf = (template: string, more = ""): string =>
  `agents: [{ socket: ${file("a.sock")} }]\ntargets:\n  - template: ${template}\n    destination: ${file("out")}\n    format: json\n    reload: none\n${more}`;

const AT = /^\/.*\/renderer\.yml:/;

const INVALID: readonly [title: string, config: () => string, message: RegExp][] = [
  [
    "an unknown key",
    () => configOf(file("good.hbs"), "    intervall: 1m\n"),
    /:7:5: targets\.0: unknown key "intervall"; did you mean "interval"\?$/,
  ],
  [
    "a wrong type",
    () => configOf(file("good.hbs"), "    wait: 5\n"),
    /:7:11: targets\.0\.wait: must be MIN:MAX, .*, not 5$/,
  ],
  ["broken YAML", () => configOf(file("good.hbs"), "  }\n"), /:7:3: Unexpected .*\}/],
  [
    "aliases of aliases",
    () =>
      `a: &a [x,x,x,x,x,x]\n${"bcdefgh"
        .split("")
        .map((name, at) => `${name}: &${name} [${`*${"abcdefg"[at]},`.repeat(8)}]`)
        .join("\n")}\n`,
    /:2:8: too many aliases/,
  ],
  [
    "a missing template",
    () => configOf(file("god.hbs")),
    /:3:15: targets\.0\.template: \/.*god\.hbs: ENOENT, cannot be read; did you mean good\.hbs\?$/,
  ],
  [
    "a template that is a FIFO",
    () => configOf(file("fifo")),
    /:3:15: targets\.0\.template: .*fifo: is not a regular file; name a file$/,
  ],
  ["a template that is a directory", () => configOf(directory), /: is not a regular file; name a file$/],
  [
    "a template that is not UTF-8",
    () => configOf(file("binary.hbs")),
    /binary\.hbs: is not UTF-8 text; save it as UTF-8$/,
  ],
];

for (const [title, config, message] of INVALID) {
  test(`reports ${title} as one line with its position and exit code 78`, () => {
    const { status, stdout, errors } = check(config());
    assert.deepEqual([status, stdout, errors.length], [78, "", 1], errors.join("\n"));
    assert.match(errors[0]!, AT);
    assert.match(errors[0]!, message);
  });
}

test("reports a configuration that cannot be read with the nearest file name and exit code 78", () => {
  writeFileSync(file("renderer.yml"), "");
  const { status, errors } = run("check", "--config", file("rendrer.yml"));
  assert.equal(status, 78);
  assert.match(errors.join("\n"), /^--config \/.*rendrer\.yml: ENOENT, cannot be read; did you mean renderer\.yml\?$/);
  assert.equal(run("check", "--config", directory).status, 78);
  assert.equal(run("run", "--config", file("fifo")).status, 78);
});

test("accepts and runs a target that is printed to standard output", async () => {
  assert.equal(check(configOf(file("good.hbs")).replace(file("out"), '"-"')).status, 0);
  const args = ["dist/renderer.cjs", "run", "--config", file("renderer.yml")];
  const renderer = new BackgroundProcess("renderer", process.execPath, args);
  try {
    await eventually("the target is started", () => {
      if (renderer.failure) throw renderer.failure;
      return renderer.lines.some((line) => line.includes(`"event":"target.started","path":"-"`));
    });
  } finally {
    await renderer.stop();
  }
});

test("accepts a valid configuration without contacting an agent", () => {
  assert.deepEqual(check(configOf(file("good.hbs"))), { status: 0, stdout: "ok\n", errors: [] });
});

test("prints a hint for a value that touches other text, with the form in which every value is possible", () => {
  const text =
    "{{#each containers}}\nadd_header X app-{{labels.[app.group]}}; # {{ip}}:{{labels.x}}\nserver {{ip}}:80;\n{{/each}}";
  writeFileSync(file("touching.hbs"), text);
  const target = { template: file("touching.hbs"), destination: file("out"), format: "nginx", reload: "none" };
  const { status, stdout } = check(JSON.stringify({ agents: [{ socket: "/a" }], targets: [target] }));
  assert.deepEqual(
    [status, stdout],
    [
      0,
      `hint: ${file("touching.hbs")}:2:18: labels.app.group may need quotes, because it touches other text; ` +
        'write "app-{{inner labels.[app.group]}}"\n' +
        `hint: ${file("touching.hbs")}: reads names that the default policy withholds; list them in the agent's policy: ` +
        '`labels`: "app.group", "x"\nok\n',
    ],
  );
});

test("reports every file that restricts access and cannot be applied", () => {
  const [passwords, vhosts] = [file("passwords"), file("missing")];
  mkdirSync(join(passwords, "directory.example"), { recursive: true });
  writeFileSync(join(passwords, "empty.example"), "");
  writeFileSync(join(passwords, "good.example"), "user:hash\n");
  const template = resolve("renderer/templates/nginx.conf.hbs");
  const files = JSON.stringify({ passwords, vhosts });
  const target = `agents: [{ socket: ${file("a.sock")} }]\ntargets:\n  - template: ${template}\n    destination: ${file("n")}\n    reload: none\n`;
  const { status, errors } = check(`${target}    nginx: { files: ${files} }\n`);
  assert.equal(status, 78);
  assert.deepEqual(errors, [
    `nginx.files.vhosts ${vhosts}: the directory does not exist in the renderer; mount or create it, or remove the key`,
    `${passwords}/directory.example: it is not a regular file; replace it by a file`,
    `${passwords}/empty.example: it has no line \`name:hash\`; add a user, see docs/how-to/passwords.md`,
  ]);
});
