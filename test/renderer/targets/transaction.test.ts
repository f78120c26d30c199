import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { bundle } from "../../../.ci/bundle.ts";
import { parseConfig } from "../../../renderer/config/load.ts";
import { explain } from "../../../renderer/status/explain.ts";
import { printReport } from "../../../renderer/status/print.ts";
import type { Container } from "../../../shared/snapshot.ts";
import { eventually } from "../../eventually.ts";
import { container } from "../fake-agent.ts";
import { FreshRig } from "../fresh-rig.ts";
import { unmount } from "../../unmount.ts";
import { requires } from "../../requires.ts";

const networks = [{ name: "front", ipv4: "10.0.0.9" }];
const app = (digit: string, labels: Record<string, string> = {}): Container =>
  container(digit, {
    labels: { tier: "web", zone: "one", ...labels },
    networks,
    ports: [{ port: 80, proto: "tcp" }],
  });
const NGINX = container("f", { env: {}, labels: { "sallyport.proxy": "true", tier: "front", zone: "one" }, networks });

/** Milliseconds for a process to start and publish on a busy machine. */
const START_MS = 60_000;

/** The last status of a process of its own. */
let printed: string;
const rig = new FreshRig(["routes", "tiers", "zones"], () => (rig.agent.first = [NGINX, app("a"), app("b")]));

const fileOf = (name: string): string => join(rig.directory, name, "file.conf");
const textOf = (name: string): string => (existsSync(fileOf(name)) ? readFileSync(fileOf(name), "utf8") : "");
const reloads = (): string[] => saidIn("reloads").split("\n").slice(0, -1);
const saidIn = (name: string): string => {
  const path = join(rig.directory, name);
  return existsSync(path) ? readFileSync(path, "utf8") : "";
};

/** Records which target was reloaded, and the state of all files then. */
function reload(who: string, command = ""): object {
  const files = ["routes", "tiers", "zones"].map(fileOf).join(" ");
  return {
    exec: {
      command: ["sh", "-c", `echo ${who} $(cat ${files} | cksum) >>${join(rig.directory, "reloads")}; ${command}`],
    },
  };
}

interface Changes {
  readonly routes?: object;
  readonly tiers?: object;
  readonly zones?: object;
}

/** nginx's routes and two files over the same containers; without changes one reload serves all. */
function written({ routes, tiers, zones }: Changes = {}): object {
  writeFileSync(join(rig.directory, "tiers.hbs"), "{{#each containers}}{{name}} {{labels.tier}} {{/each}}");
  writeFileSync(join(rig.directory, "zones.hbs"), "{{#each containers}}{{name}} {{labels.zone}} {{/each}}");
  const common = { wait: "0ms:0ms", transaction: "front", reload: reload("all") };
  const general = (name: string): object => ({
    ...common,
    template: join(rig.directory, `${name}.hbs`),
    destination: fileOf(name),
    format: "json",
  });
  const template = join(process.cwd(), "renderer/templates/nginx.conf.hbs");
  return rig.written({
    targets: [
      { ...common, template, destination: fileOf("routes"), ...routes },
      { ...general("tiers"), ...tiers },
      { ...general("zones"), ...zones },
    ],
  });
}

function follow(changes?: Changes): void {
  const config = parseConfig(JSON.stringify(written(changes)), "test.yml");
  assert.ok(!("problems" in config), JSON.stringify(config));
  rig.follow(config);
}

const status = async () => await rig.status();

/** The containers in each file, by the last letter of their names; nginx is in those that list every container. */
const listed = (): string[] => [
  [...textOf("routes").matchAll(/server_name ([a-z])\.example;/g)].map(([, digit]) => digit).join(""),
  ...["tiers", "zones"].map((name) => [...textOf(name).matchAll(/"app([a-z])"/g)].map(([, digit]) => digit).join("")),
];
const everywhere = (digits: string): boolean => listed().join() === [digits, `${digits}f`, `${digits}f`].join();

test("publishes the files of a transaction together and reloads their server once", async () => {
  follow();
  await eventually("both apps are in every file", () => everywhere("ab") && reloads().length === 1);
  rig.agent.change([app("c")], ["a".repeat(64)]);
  await eventually("the change is published", () => everywhere("bc"));
  await eventually("the server is reloaded again", () => reloads().length === 2);
  rig.agent.change([{ ...app("c"), createdAt: 2 }]);
  rig.agent.change([app("d")]);
  await eventually("the next change is published", () => everywhere("bcd") && reloads().length === 3);
  await eventually("each is published three times", async () =>
    (await status()).targets.every(({ pending, generation: published }) => !pending && published === 3),
  );
});

test("quarantines a container from all files when one file cannot contain it, logs it once and retries it when it changes", async () => {
  rig.agent.first = [NGINX, app("a"), { ...app("b"), labels: { tier: "web" } }];
  follow();
  await eventually("the other is everywhere", () => everywhere("a"));
  const report = await status();
  assert.deepEqual(
    report.quarantined.map(({ name, code }) => `${name} ${code}`),
    ["appb render.failed"],
  );
  assert.match(
    explain(report, "appb").text,
    /cannot be rendered into the files of transaction front: .*zones\/file\.conf: .*labels\.zone is missing/,
  );
  assert.equal(rig.events.filter(({ event }) => event === "container.quarantined").length, 1);
  rig.agent.change([app("c")]);
  await eventually("the app stays quarantined", () => everywhere("ac"));
  rig.agent.change([app("b")]);
  await eventually("the app is published again", () => everywhere("abc"));
  assert.deepEqual((await status()).quarantined, []);
});

test("quarantines only the container that one file's check rejects, from all files", async () => {
  const check = {
    command: ["sh", "-c", 'if grep -q bad "$1"; then echo "bad word"; exit 1; fi', "check", "{candidate}"],
  };
  follow({ zones: { check } });
  await eventually("both apps are in every file", () => everywhere("ab"));
  rig.agent.change([app("a", { zone: "bad" }), app("c"), app("d")]);
  await eventually("the other apps are in every file", () => everywhere("bcd"));
  const [found] = (await status()).quarantined;
  assert.deepEqual([found?.name, found?.code], ["appa", "check.rejected"]);
  assert.match(found?.reason ?? "", /the files of transaction front: .*zones\/file\.conf: .*bad word/);
  rig.agent.change([app("a")]);
  await eventually("the app is published again", () => everywhere("abcd"));
});

test("keeps all files while one with `onFailure: keep` fails", async () => {
  follow({ tiers: { onFailure: "keep" } });
  await eventually("both apps are in every file", () => everywhere("ab"));
  rig.agent.change([{ ...app("a"), labels: { tier: "web" } }, app("c")]);
  await eventually("every target names the failing container", async () =>
    (await status()).targets.every(({ error }) =>
      /zones\/file\.conf: container appa: .*zone is missing/.test(error ?? ""),
    ),
  );
  assert.ok(everywhere("ab"));
  rig.agent.change([app("a")]);
  await eventually("all apps are published", () => everywhere("abc"));
});

test("keeps every route when nginx's own container is quarantined", async () => {
  rig.agent.first = [{ ...NGINX, labels: { "sallyport.proxy": "true", zone: "one" } }, app("a")];
  follow();
  await eventually("the app is everywhere", () => listed().join() === "a,a,a");
  assert.deepEqual(
    (await status()).quarantined.map(({ name }) => name),
    ["appf"],
  );
});

test("quarantines a container with the label of nginx's container whose routes a check rejects", async () => {
  const check = { command: ["sh", "-c", 'if grep -q bad "$1"; then echo "bad"; exit 1; fi', "check", "{candidate}"] };
  const labels = { "sallyport.proxy": "true", tier: "web", zone: "one" };
  rig.agent.first = [NGINX, app("a"), { ...app("b"), labels, env: { VIRTUAL_HOST: "bad.example" } }];
  follow({ routes: { check } });
  await eventually("the app is everywhere, and nginx's networks are known", () => everywhere("a"));
  assert.deepEqual(
    (await status()).quarantined.map(({ name }) => name),
    ["appb"],
  );
  rig.agent.change([{ ...app("b"), labels }]);
  await eventually("its valid routes are published", () => everywhere("ab"));
});

test("keeps all files and names the check when it rejects containers that are already live", async () => {
  const poison = join(rig.directory, "poison");
  follow({ tiers: { check: { command: ["sh", "-c", `if [ -e ${poison} ]; then echo poisoned; exit 1; fi`] } } });
  await eventually("both apps are in every file", () => everywhere("ab"));
  const before = listed();
  writeFileSync(poison, "");
  rig.agent.change([], ["a".repeat(64)]);
  await eventually("every target reports the error", async () =>
    (await status()).targets.every(({ error }) => /tiers\/file\.conf: .*poisoned/.test(error ?? "")),
  );
  assert.deepEqual(listed(), before);
  rmSync(poison);
  rig.agent.change([app("c")]);
  await eventually("later changes are published", () => everywhere("bc"));
});

test("rolls all files back and reloads the other servers when one server rejects the reload", async () => {
  const broken = join(rig.directory, "broken");
  follow({
    routes: { reload: reload("nginx") },
    tiers: { reload: reload("tiers") },
    zones: { reload: reload("zones", `[ ! -e ${broken} ]`) },
  });
  await eventually("every server is reloaded", () => everywhere("ab") && reloads().length === 3);
  const [sum] = reloads().map((line) => line.split(" ").slice(1).join(" "));
  writeFileSync(broken, "");
  rig.agent.change([app("c")]);
  await eventually("every target reports the error", async () =>
    (await status()).targets.every(
      ({ pending, error }) => pending && /^.*zones\/file\.conf: sh exited with 1/.test(error ?? ""),
    ),
  );
  assert.ok(everywhere("ab"));
  const recorded = reloads().slice(3);
  assert.deepEqual(
    recorded.slice(0, 5).map((line) => line.split(" ")[0]),
    ["nginx", "tiers", "zones", "nginx", "tiers"],
  );
  for (const line of recorded.slice(3, 5))
    assert.equal(line.split(" ").slice(1).join(" "), sum, "reloaded with the previous files");
  rmSync(broken);
  rig.agent.change([app("d")]);
  await eventually("later changes are published", () => everywhere("abcd"));
});

test("quarantines only the container that a reload rejects, and every attempt contains all live containers", async () => {
  const seen = join(rig.directory, "seen");
  const refuse = `cat ${fileOf("tiers")} >>${seen}; echo >>${seen}; ! grep -q bad ${fileOf("zones")}`;
  follow({
    routes: { reload: reload("nginx") },
    tiers: { reload: reload("tiers") },
    zones: { reload: reload("zones", refuse) },
  });
  await eventually("both apps are in every file", () => everywhere("ab"));
  writeFileSync(seen, "");
  rig.agent.change([app("a", { zone: "bad" }), app("c"), app("d")]);
  await eventually("the other apps are in every file", () => everywhere("bcd"));
  assert.deepEqual(
    (await status()).quarantined.map(({ name }) => name),
    ["appa"],
  );
  for (const line of saidIn("seen").split("\n").slice(0, -1)) assert.match(line, /"appb"/);
  rig.agent.change([app("a")]);
  await eventually("the app is published again", () => everywhere("abcd"));
});

/** Kills the renderer at the first reload, and starts another. */
async function killedWhileItTells(): Promise<void> {
  await bundle("renderer", { write: true });
  const killed = join(rig.directory, "killed");
  const kill = `if [ ! -e ${killed} ]; then touch ${killed}; kill -9 $PPID; fi`;
  const config = join(rig.directory, "renderer.yml");
  const [routes, tiers, zones] = [reload("nginx"), reload("tiers", kill), reload("zones")];
  writeFileSync(
    config,
    JSON.stringify(written({ routes: { reload: routes }, tiers: { reload: tiers }, zones: { reload: zones } })),
  );
  const start = () => {
    const child = spawn(process.execPath, ["dist/renderer.cjs", "run", "--config", config], { stdio: "ignore" });
    return { child, ended: once(child, "exit") as Promise<[number | null, string | null]> };
  };
  const first = start();
  await eventually("it is killed", () => first.child.signalCode === "SIGKILL", START_MS);
  assert.ok(everywhere("ab"));
  const later = start();
  try {
    await eventually(
      "all is live and confirmed",
      async () => (await status()).targets.every(({ pending, generation: published }) => !pending && published === 1),
      START_MS,
    );
    assert.deepEqual(
      reloads()
        .slice(2)
        .map((line) => line.split(" ")[0]),
      ["nginx", "tiers", "zones"],
    );
    assert.ok(everywhere("ab"));
    printed = printReport(await status());
  } finally {
    later.child.kill("SIGTERM");
    await later.ended;
  }
}

test("finishes a transaction at the next start after the renderer is killed during a reload", async () => {
  await killedWhileItTells();
  assert.doesNotMatch(printed, /mounted/);
});

test(
  "finishes a transaction in which one file is itself a mount, and warns about the mount",
  { skip: requires("root") },
  async () => {
    const source = join(rig.directory, "source");
    for (const file of [source, fileOf("zones")]) writeFileSync(file, "");
    execFileSync("mount", ["--bind", source, fileOf("zones")]);
    try {
      await killedWhileItTells();
      assert.match(readFileSync(source, "utf8"), /"appa" "one"/);
      const [warned] = printed.split("\n").filter((line) => /mount its directory instead/.test(line));
      assert.match(warned ?? "", /zones\/file\.conf +live +1 +the file itself is a mount.*; transaction front$/);
    } finally {
      await unmount(fileOf("zones"));
    }
  },
);

test("rejects standard output as part of a transaction", () => {
  const parsed = parseConfig(JSON.stringify(written({ tiers: { destination: "-" } })), "test.yml");
  assert.match(
    "problems" in parsed ? parsed.problems.join("\n") : "",
    /targets\.1\.transaction: standard output cannot/,
  );
});

test("status lists targets in the order of the configuration", async () => {
  follow({ routes: { transaction: undefined } });
  await eventually("all are live", async () => (await status()).targets.every(({ sha256 }) => sha256));
  assert.deepEqual(
    (await status()).targets.map(({ destination }) => destination),
    ["routes", "tiers", "zones"].map(fileOf),
  );
});

for (const [transaction, message] of [
  ["alone", /^test\.yml:\d+:\d+: targets\.0\.transaction: no other target has the transaction "alone"/],
  ["../up", /targets\.0\.transaction: must be a name of letters, digits/],
] as const) {
  test(`rejects a transaction named ${transaction} with its position`, () => {
    const parsed = parseConfig(JSON.stringify(written({ routes: { transaction } })), "test.yml");
    assert.match("problems" in parsed ? parsed.problems.join("\n") : "no problem", message);
  });
}
