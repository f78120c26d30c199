import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { runOnce } from "../../../renderer/cli/once.ts";
import { runRender } from "../../../renderer/cli/render.ts";
import { run } from "../../../renderer/targets/run.ts";
import { parseConfig } from "../../../renderer/config/load.ts";
import type { Config } from "../../../renderer/config/schema.ts";
import { explain } from "../../../renderer/status/explain.ts";
import { printReport } from "../../../renderer/status/print.ts";
import type { Container } from "../../../shared/snapshot.ts";
import { eventually } from "../../eventually.ts";
import { container } from "../fake-agent.ts";
import { FreshRig } from "../fresh-rig.ts";

const app = (digit: string, labels: Record<string, string> = { tier: "web" }, more: Partial<Container> = {}) =>
  container(digit, { labels, networks: [{ name: "front", ipv4: "10.0.0.9" }], ...more });

const rig = new FreshRig(["out"]);

/** One target with this template; its file is out/file. */
function configOf(template: string, target: object = {}): Config {
  writeFileSync(join(rig.directory, "t.hbs"), template);
  return rig.configOf({
    targets: [
      {
        template: join(rig.directory, "t.hbs"),
        destination: join(rig.directory, "out", "file"),
        wait: "0ms:0ms",
        reload: "none",
        format: "json",
        ...target,
      },
    ],
  });
}

function follow(template: string, target: object = {}): void {
  rig.follow(configOf(template, target));
}

const file = (): string => {
  try {
    return readFileSync(join(rig.directory, "out", "file"), "utf8");
  } catch {
    return "";
  }
};
const status = async () => await rig.status();
const NAMES = "{{#each containers}}{{name}} {{/each}}";
const TIERS = "{{#each containers}}{{labels.tier}} {{/each}}";

test("renders the running containers into a file, without nginx", async () => {
  rig.agent.first = [app("b"), app("a"), app("c", {}, { state: "exited" })];
  follow(NAMES);
  await eventually("both apps are published", () => file() === '"appa" "appb" ');
  rig.agent.change([app("d")], ["a".repeat(64)]);
  await eventually("the change is published", () => file() === '"appb" "appd" ');
  assert.equal((await status()).targets[0]?.pending, false);
});

test("selects containers by the target's rule, including stopped ones", async () => {
  rig.agent.first = [
    app("a", { tier: "web" }),
    app("b", { tier: "db" }),
    app("c", { tier: "web" }, { state: "exited" }),
  ];
  follow("{{#each containers}}{{name}} {{state}} {{/each}}", {
    containers: { includeStopped: true, where: [{ label: "tier=web" }] },
  });
  await eventually("they are there", () => file() === '"appa" "running" "appc" "exited" ');
});

test("quarantines a container for which the template fails, logs it once and retries it when it changes", async () => {
  rig.agent.first = [app("a"), app("b", {})];
  follow(TIERS);
  await eventually("the other app is published", () => file() === '"web" ');
  const report = await status();
  assert.equal(report.quarantined[0]?.code, "render.failed");
  assert.match(
    report.quarantined[0]?.reason ?? "",
    /^cannot be rendered into .*out\/file: .*t\.hbs:1:21: labels\.tier is missing$/,
  );
  assert.match(explain(report, "appb").text, /quarantined\n.*labels\.tier is missing/);
  assert.equal(rig.events.filter(({ event }) => event === "container.quarantined").length, 1);
  rig.agent.change([app("b", { tier: "db" })]);
  await eventually("the file is rendered", () => file() === '"web" "db" ');
  assert.deepEqual((await status()).quarantined, []);
});

test("reloads a server that comes up later at once after a refresh", async () => {
  rig.agent.first = [app("a")];
  const up = join(rig.directory, "up");
  const tried = join(rig.directory, "tried");
  const command = ["sh", "-c", `echo >>${tried}; test -e ${up}`];
  let refresh = (): void => undefined;
  const config = configOf(NAMES, { reload: { exec: { command } } });
  rig.running = run(config, rig.stop.signal, () => undefined, {
    onStart: (started) => (refresh = () => started.refresh()),
  });
  const tries = (): number => (existsSync(tried) ? readFileSync(tried, "utf8").length : 0);
  await eventually("it was refused again and again", () => tries() >= 4, 60_000);
  writeFileSync(up, "");
  refresh();
  await eventually("the file is live", async () => (await status()).targets[0]?.publishedAt !== undefined, 5_000);
  assert.equal(file(), '"appa" ');
});

test("explain lists the files that contain a container, and why others do not", async () => {
  rig.agent.first = [app("a"), app("b", { tier: "db" })];
  follow(NAMES, { containers: { where: [{ label: "tier=web" }] } });
  await eventually("the file is rendered", () => file() === '"appa" ');
  const report = await status();
  const taken = explain(report, "appa");
  assert.match(taken.text, /^container appa\n {2}rendered into \/.*out\/file$/);
  assert.ok(taken.isRouted);
  const other = explain(report, "appb");
  assert.match(
    other.text,
    /^container appb\n {2}filtered from \/.*out\/file \(`containers`\): does not match entry 1 of `where`: /,
  );
  assert.ok(!other.isRouted);
});

test("status reports a template with errors until it is fixed, and the last good one stays in use", async () => {
  rig.agent.first = [app("a")];
  follow(NAMES);
  await eventually("the file is rendered", () => file() === '"appa" ');
  writeFileSync(join(rig.directory, "t.hbs"), "{{#each containers}}{{nmae}}{{/each}}");
  await eventually("status reports it", async () => {
    const report = await status();
    return (
      report.targets[0]?.templateError !== undefined &&
      /t\.hbs:1:23: nmae: .*did you mean name\?/.test(printReport(report))
    );
  });
  assert.equal(file(), '"appa" ');
  writeFileSync(join(rig.directory, "t.hbs"), "{{#each containers}}[{{name}}]{{/each}}");
  await eventually("the next good one is used", () => file() === '["appa"]');
  assert.equal((await status()).targets[0]?.templateError, undefined);
});

test("renders an included file when it appears later, also in a subdirectory", async () => {
  const includes = join(rig.directory, "includes");
  mkdirSync(join(includes, "web"), { recursive: true });
  rig.agent.first = [app("a"), app("b", { tier: "db" })];
  follow('{{#each containers}}{{include (printf "%s/%s" labels.tier name)}} {{/each}}', { includes });
  writeFileSync(join(includes, "web", "appa"), "one");
  await eventually("the first is there", () => file() === "one ");
  mkdirSync(join(includes, "db"));
  writeFileSync(join(includes, "db", "appb"), "two");
  await eventually("the other is there as soon as it can be", () => file() === "one two ");
  writeFileSync(join(includes, "web", "appa"), "three");
  await eventually("what is saved is printed", () => file() === "three two ");
});

test("finds the failing container by bisection when the template fails outside of each", async () => {
  rig.agent.first = ["a", "b", "c", "d", "e"].map((digit) => app(digit, digit === "c" ? {} : { tier: digit }));
  follow("{{#if containers.[2]}}{{containers.[2].labels.tier}}{{/if}} {{#each containers}}{{name}} {{/each}}");
  await eventually("the other apps are published", () => file() === '"d" "appa" "appb" "appd" "appe" ');
  assert.deepEqual(
    (await status()).quarantined.map(({ name }) => name),
    ["appc"],
  );
});

test("keeps the live file when the template fails for every container", async () => {
  rig.agent.first = [app("a"), app("b")];
  follow(TIERS);
  await eventually("the file is rendered", () => file() === '"web" "web" ');
  rig.agent.change([app("a", {}), app("b", {})]);
  await eventually("the error is reported", async () =>
    /tier is missing; every container fails/.test((await status()).targets[0]?.error ?? ""),
  );
  assert.equal(file(), '"web" "web" ');
  assert.deepEqual((await status()).quarantined, []);
});

test("quarantines only the container that the check rejects, and retries it when it changes", async () => {
  rig.agent.first = ["a", "b", "c", "d", "e", "f"].map((digit) => app(digit));
  follow(TIERS, {
    check: { command: ["sh", "-c", 'if grep -q bad "$1"; then echo "bad word"; exit 1; fi', "check", "{candidate}"] },
  });
  await eventually("all apps are published", () => file() === '"web" '.repeat(6));
  rig.agent.change([app("c", { tier: "bad" }), app("d", { tier: "new" })]);
  await eventually("the other apps are published", () => file() === '"web" "web" "new" "web" "web" ');
  const [found] = (await status()).quarantined;
  assert.deepEqual([found?.name, found?.code], ["appc", "check.rejected"]);
  assert.match(found?.reason ?? "", /bad word/);
  rig.agent.change([app("a", { tier: "newer" })]);
  await eventually("the app stays quarantined", () => file() === '"newer" "web" "new" "web" "web" ');
  rig.agent.change([app("c", { tier: "good" })]);
  await eventually("the app is published again", () => file() === '"newer" "web" "good" "new" "web" "web" ');
});

test("keeps the live file with `onFailure: keep` and names the failing container", async () => {
  rig.agent.first = [app("a"), app("b")];
  const check = {
    command: ["sh", "-c", 'if grep -q bad "$1"; then echo "bad word"; exit 1; fi', "check", "{candidate}"],
  };
  follow(TIERS, { onFailure: "keep", check });
  await eventually("both apps are published", () => file() === '"web" "web" ');
  const isTold = async (reason: RegExp) => reason.test((await status()).targets[0]?.error ?? "");
  rig.agent.change([app("b", {}), app("c")]);
  await eventually("the error is reported", async () => await isTold(/container appb: .*labels\.tier is missing/));
  rig.agent.change([app("b", { tier: "bad" })]);
  await eventually("the error is reported", async () => await isTold(/bad word/));
  assert.equal(file(), '"web" "web" ');
  assert.deepEqual((await status()).quarantined, []);
  rig.agent.change([app("b", { tier: "db" })]);
  await eventually("all apps are published", () => file() === '"web" "db" "web" ');
});

test("rejects the file and quarantines nothing when the check rejects everything", async () => {
  rig.agent.first = [app("a"), app("b")];
  writeFileSync(join(rig.directory, "out", "file"), "before");
  follow(NAMES, { check: { command: ["false"] } });
  await eventually(
    "the error is reported",
    async () => (await status().catch(() => undefined))?.targets[0]?.error !== undefined,
  );
  assert.equal(file(), "before");
  assert.deepEqual((await status()).quarantined, []);
});

test("renders again when a template is saved, and ignores one with errors", async () => {
  rig.agent.first = [app("a")];
  follow(NAMES);
  await eventually("the file is rendered", () => file() === '"appa" ');
  writeFileSync(join(rig.directory, "t.hbs"), "{{#each containers}}{{state}}{{/each}}");
  await eventually("the file changes", () => file() === '"running"');
  writeFileSync(join(rig.directory, "t.hbs"), "{{#each");
  await eventually("the error is reported", () => rig.events.some(({ event }) => event === "template.rejected"));
  assert.equal(file(), '"running"');
});

test("renders again when an included file changes", async () => {
  rig.agent.first = [app("a")];
  mkdirSync(join(rig.directory, "parts"));
  writeFileSync(join(rig.directory, "parts", "head"), "one");
  follow("{{include 'head'}}", { includes: join(rig.directory, "parts") });
  await eventually("the file is rendered", () => file() === "one");
  writeFileSync(join(rig.directory, "parts", "head"), "two");
  await eventually("the file changes", () => file() === "two");
});

test("writes the file with the configured mode and owner", async () => {
  rig.agent.first = [app("a")];
  const owner = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
  follow(NAMES, { mode: "0640", owner });
  await eventually("the file is rendered", () => file() === '"appa" ');
  const { mode, uid, gid } = statSync(join(rig.directory, "out", "file"));
  assert.equal(`${(mode & 0o777).toString(8)} ${uid}:${gid}`, `640 ${owner}`);
});

test("reloads periodically with `reloadEvery` although the file is unchanged", async () => {
  rig.agent.first = [app("a")];
  const reloads = join(rig.directory, "reloads");
  const append = "import { appendFileSync } from 'node:fs'; appendFileSync(process.argv[1], 'reloads\\n')";
  const reload = { exec: { command: [process.execPath, "--input-type=module", "--eval", append, reloads] } };
  follow(NAMES, { reload, reloadEvery: "1s" });
  await eventually("it is reloaded three times", () => readFileSync(reloads, "utf8").split("\n").length > 3);
  assert.equal(file(), '"appa" ');
  const published = () => rig.events.filter(({ event }) => event === "publish.succeeded");
  await eventually("each time is in the log", () => published().length >= 3);
  assert.equal(new Set(published().map(({ fields }) => fields["sha256"])).size, 1);
});

/** A command that adds what it finds in the file to another one, and refuses a text. */
function reader(log: string, refused: string): object {
  const program = [
    "import { appendFileSync, readFileSync } from 'node:fs';",
    "const [file, log, refused] = process.argv.slice(1);",
    "const text = readFileSync(file, 'utf8');",
    "appendFileSync(log, `${text}\\n`);",
    "process.exit(text.includes(refused) ? 1 : 0);",
  ].join(" ");
  const own = [join(rig.directory, "out", "file"), join(rig.directory, log), refused];
  return { exec: { command: [process.execPath, "--input-type=module", "--eval", program, ...own] } };
}

test("reloads several servers in order, and rolls back all when one rejects the file", async () => {
  rig.agent.first = [app("a")];
  follow(NAMES, { reload: [reader("first", "nothing like it"), reader("second", "bad")] });
  const received = (log: string) => readFileSync(join(rig.directory, log), "utf8").split("\n").slice(0, -1);
  await eventually("both have received it", () => received("second").length === 1 && received("first").length === 1);
  rig.agent.change([app("b", {}, { name: "bad" })]);
  await eventually("the container is quarantined", async () => (await status()).quarantined[0]?.name === "bad");
  assert.equal(file(), '"appa" ');
  assert.deepEqual(received("first").slice(0, 3), ['"appa" ', '"appa" "bad" ', '"appa" ']);
  rig.agent.change([app("c")], ["b".repeat(64)]);
  await eventually("the next one is taken up by both", () =>
    ["first", "second"].every((log) => received(log).at(-1) === '"appa" "appc" '),
  );
});

test("render prints the file and lists quarantined containers on stderr", async () => {
  rig.agent.first = [app("a"), app("b", {})];
  const { stdout, stderr, exitCode } = await runRender(configOf(TIERS, { destination: "-" }));
  assert.deepEqual([stdout, exitCode], ['"web" ', 0]);
  assert.match(stderr, /^container appb is quarantined: cannot be rendered into -: .*labels\.tier is missing\n$/);
  assert.equal(file(), "");
});

test("run --once publishes the file", async () => {
  rig.agent.first = [app("a")];
  assert.deepEqual(await runOnce(configOf(NAMES), rig.stop.signal, () => undefined), { kind: "live" });
  assert.equal(file(), '"appa" ');
});

/** Each is fast with ordinary values, and never ends with the values of one container. */
const SLOW: readonly [title: string, text: string, hostile: Record<string, string>, why: RegExp][] = [
  [
    "loops",
    `{{#each containers}}{{#each (split labels.a '')}}{{#each (split ../labels.a '')}}{{#each (split ../../labels.a '')}}{{/each}}{{/each}}{{/each}}{{name}} {{/each}}`,
    { a: "x".repeat(4_000) },
    /takes longer than|more memory/,
  ],
  [
    "text made of text",
    "{{#each containers}}{{name}} {{#if (contains (repeat (default 1 labels.n) (repeat (default 1 labels.n) name)) 'zz')}}{{/if}}{{/each}}",
    { n: "1000000" },
    /repeat: the result has more than 1048576 characters/,
  ],
  [
    "patterns",
    "{{#each containers}}{{name}} {{#if (regexMatch (default 'x' labels.p) (repeat 50000 name))}}{{/if}}{{/each}}",
    { p: "(a?){900}a{900}" },
    /regexMatch: /,
  ],
];
for (const [title, text, hostile, why] of SLOW) {
  test(`quarantines a container whose values cause endless ${title}, and publishes other targets meanwhile`, async () => {
    rig.agent.first = [app("a"), app("b")];
    const other = join(rig.directory, "out", "other");
    writeFileSync(join(rig.directory, "other.hbs"), NAMES);
    const config = configOf(text);
    const [target] = config.targets;
    const second = { ...target!, template: join(rig.directory, "other.hbs"), destination: other };
    rig.running = run({ ...config, targets: [target!, second] }, rig.stop.signal, () => undefined);
    await eventually("both files are there", () => file() !== "" && readFileSync(other, "utf8") === '"appa" "appb" ');
    rig.agent.change([app("c", hostile)]);
    await eventually("the other file follows", () => readFileSync(other, "utf8").includes("appc"));
    rig.agent.change([app("d")]);
    await eventually("the other file follows again", () => readFileSync(other, "utf8").includes("appd"));
    if (title === "loops") assert.ok(!file().includes("appd"), "the one that is busy is behind");
    await eventually("it is quarantined, and all others are published", () => /appa.*appb.*appd/.test(file()), 60_000);
    const { quarantined } = await status();
    assert.deepEqual(
      quarantined.map(({ name }) => name),
      ["appc"],
    );
    assert.match(quarantined[0]!.reason, why);
    rig.agent.change([app("c")]);
    await eventually("it is back when it changes", () => file().includes("appc"), 30_000);
  });
}

test("reports a template with errors at start", async () => {
  const { problems } = await run(configOf("a\n{{shout name}}"), rig.stop.signal, () => undefined);
  assert.match(problems.join(), /t\.hbs:2:1: .*shout/);
  assert.match(
    (await run(configOf("{{nothing}}"), rig.stop.signal, () => undefined)).problems.join(),
    /t\.hbs:1:3: nothing: a template has no such field/,
  );
});

const mistakes: readonly [object, RegExp][] = [
  [{ listen: 80 }, /^test\.yml:1:\d+: targets\.0: key "listen" is only valid in nginx targets/],
  [{ https: { certificates: "/c" } }, /targets\.0: key "https" is only valid in nginx targets/],
  [{ onlyExposed: true }, /unknown key "onlyExposed"; move it to `targets\.0\.containers`/],
  [{ format: "ini" }, /format: must be one of nginx, /],
  [{ format: undefined, includes: "/x" }, /key "includes" is only valid in template targets/],
  [{ format: undefined, template: ["/a", "/b"] }, /template: must be one template; only targets with `format`/],
  [
    { format: undefined, containers: { includeStopped: true } },
    /containers: key "includeStopped" is only valid in template targets/,
  ],
  [{ reloadEvery: "10s" }, /reloadEvery: has no effect while `reload` is `none`/],
  [{ reloadEvery: "10ms" }, /reloadEvery: must be from 1s to 24h/],
  [{ mode: "rw" }, /mode: must be three octal digits/],
  [{ owner: "root" }, /owner: must be UID:GID/],
];
for (const [target, message] of mistakes) {
  test(`rejects ${JSON.stringify(target)} with its position`, () => {
    const whole = { template: "/t", destination: "/d", reload: "none", format: "json", ...target };
    const parsed = parseConfig(JSON.stringify({ agents: [{ socket: "/a" }], targets: [whole] }), "test.yml");
    assert.match("problems" in parsed ? parsed.problems.join("\n") : "no problem", message);
  });
}
