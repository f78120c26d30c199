import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { configFromArguments } from "../../../renderer/cli/docker-gen-arguments.ts";
import { runDiff } from "../../../renderer/cli/diff.ts";
import { runFile } from "../../../renderer/targets/follow-config.ts";
import { runOnce } from "../../../renderer/cli/once.ts";
import { runRender } from "../../../renderer/cli/render.ts";
import { runSnapshot } from "../../../renderer/cli/snapshot.ts";
import { run } from "../../../renderer/targets/run.ts";
import { parseConfig } from "../../../renderer/config/load.ts";
import type { Config } from "../../../renderer/config/schema.ts";
import { askStatus } from "../../../renderer/status/socket.ts";
import { eventually } from "../../eventually.ts";
import { anchor, container, FakeAgent } from "../fake-agent.ts";
import { removeDirectory } from "../../remove-directory.ts";

const NETWORKS = [{ name: "front", ipv4: "10.0.0.9" }];
const NGINX = container("f", {
  env: { VIRTUAL_HOST: "nginx.example" },
  labels: { "sallyport.proxy": "true" },
  networks: NETWORKS,
});
const app = (digit: string, tier: string) =>
  container(digit, { labels: { tier }, networks: NETWORKS, ports: [{ port: 80, proto: "tcp" }] });

let directory: string;
let agent: FakeAgent;
let stop: AbortController;
let running: Promise<unknown> = Promise.resolve();
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "sallyport-run-"));
  agent = new FakeAgent(join(directory, "agent.sock"));
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await agent.close();
  await running;
  await removeDirectory(directory);
});

/** One target that has these keys in addition to what every target needs; its file is default.conf. */
function written(target: object): object {
  return {
    agents: [{ socket: join(directory, "agent.sock") }],
    statusSocket: join(directory, "status.sock"),
    targets: [
      {
        template: join(process.cwd(), "renderer/templates/nginx.conf.hbs"),
        destination: join(directory, "default.conf"),
        wait: "0ms:0ms",
        reload: "none",
        ...target,
      },
    ],
  };
}

function configOf(target: object): Config {
  const config = parseConfig(JSON.stringify(written(target)), "test.yml");
  assert.ok(!("problems" in config), JSON.stringify(config));
  return config;
}

/** Runs it; gives the path of its file. */
function follow(target: object): string {
  running = run(configOf(target), stop.signal, () => undefined);
  return join(directory, "default.conf");
}

const hostsIn = (file: string): string[] =>
  [...readFileSync(file, "utf8").matchAll(/server_name ([^;_]+);/g)].map((match) => match[1] ?? "").toSorted();

test("routes only the containers that a target selects, and follows when one is no longer selected", async () => {
  agent.first = [NGINX, app("a", "web"), app("b", "test"), app("c", "web")];
  const file = follow({ containers: { where: [{ label: "tier=web" }] } });
  await eventually("both are routed", () => hostsIn(file).join(" ") === "a.example c.example");
  const { unrouted, filtered } = await askStatus(join(directory, "status.sock"));
  assert.deepEqual(
    [...unrouted, ...filtered].map(({ name }) => name),
    ["appf", "appb"],
  );
  agent.send("snapshot.delta", {
    base: 5,
    generation: 6,
    upserted: [app("b", "web")],
    removed: ["c".repeat(64)],
    anchor,
  });
  await eventually("one came, one went", () => hostsIn(file).join(" ") === "a.example b.example");
  agent.send("snapshot.delta", { base: 6, generation: 7, upserted: [app("a", "test")], removed: [], anchor });
  await eventually("one is not selected any more", () => hostsIn(file).join(" ") === "b.example");
});

test("debounces a flood of changes, and publishes the last one", async () => {
  agent.first = [NGINX, app("a", "web")];
  const reloads = join(directory, "reloads");
  const reload = { exec: { command: ["sh", "-c", `echo >>${reloads}`] } };
  const count = (): number => (existsSync(reloads) ? readFileSync(reloads, "utf8").length : 0);
  const file = follow({ wait: "100ms:300ms", reload });
  await eventually("the host is routed", () => hostsIn(file).join() === "a.example" && count() > 0);
  const [before, began] = [count(), performance.now()];
  const CHANGES = 4_000;
  for (let number = 1; number <= CHANGES; number++) {
    const upserted = [container("a", { ...app("a", "web"), health: number % 2 === 0 ? "healthy" : "unhealthy" })];
    agent.send("snapshot.delta", { base: 4 + number, generation: 5 + number, upserted, removed: [], anchor });
    if (number % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const last = { ...app("a", "web"), env: { VIRTUAL_HOST: "last.example" } };
  const base = 5 + CHANGES;
  agent.send("snapshot.delta", { base, generation: base + 1, upserted: [last], removed: [], anchor });
  await eventually("the last is live", () => hostsIn(file).join() === "last.example");
  const passes = count() - before;
  // Between two passes there are at least 100 ms: however slow the machine, that many fit and no more.
  assert.ok(passes <= 2 + (performance.now() - began) / 100, `${passes} reloads for ${CHANGES} changes`);
});

test("does not reload when a change leaves the file as it is", async () => {
  agent.first = [NGINX, app("a", "web")];
  const reloads = join(directory, "reloads");
  const count = (): number => (existsSync(reloads) ? readFileSync(reloads, "utf8").length : 0);
  const file = follow({ reload: { exec: { command: ["sh", "-c", `echo >>${reloads}`] } } });
  await eventually("the host is routed", () => hostsIn(file).join() === "a.example" && count() > 0);
  const before = count();
  const healthy = { ...app("a", "web"), health: "healthy" as const };
  agent.send("snapshot.delta", { base: 5, generation: 6, upserted: [healthy], removed: [], anchor });
  agent.send("snapshot.delta", { base: 6, generation: 7, upserted: [app("b", "web")], removed: [], anchor });
  await eventually("the next change is live", () => hostsIn(file).join(" ") === "a.example b.example");
  await eventually("it is reloaded", () => count() > before);
  assert.equal(count(), before + 1);
});

test("publishes a file and reloads by a command with docker-gen's arguments alone", async () => {
  agent.first = [NGINX, app("a", "web"), app("b", "test")];
  const [file, told] = [join(directory, "words.conf"), join(directory, "told")];
  const template = join(process.cwd(), "renderer/templates/nginx.conf.hbs");
  const flags = ["-watch", "-wait", "0s", "-container-filter", "label=tier=web", "-notify", `touch ${told}`];
  const found = configFromArguments([...flags, template, file], directory);
  assert.ok(!("problems" in found), JSON.stringify(found));
  const places = { agents: [{ socket: join(directory, "agent.sock") }], statusSocket: join(directory, "status.sock") };
  running = run({ ...found.config, ...places }, stop.signal, () => undefined);
  await eventually("the host is routed", () => hostsIn(file).join(" ") === "a.example");
  await eventually("the command was run", () => existsSync(told));
});

test("restores a live file that another process changed at the next interval", async () => {
  agent.first = [NGINX, app("a", "web")];
  const file = follow({ interval: "1s", onlyExposed: true });
  await eventually("the host is routed", () => hostsIn(file).includes("a.example"));
  const written = readFileSync(file, "utf8");
  writeFileSync(file, "spoiled");
  await eventually("it is as it was", () => readFileSync(file, "utf8") === written);
});

test("removes blank lines when configured", async () => {
  agent.first = [NGINX, app("a", "web")];
  const file = follow({ keepBlankLines: false });
  await eventually("the host is routed", () => hostsIn(file).includes("a.example"));
  assert.doesNotMatch(readFileSync(file, "utf8"), /^\s*$\n/m);
});

test("render prints the file and changes nothing", async () => {
  agent.first = [NGINX, app("a", "web"), app("b", "test")];
  const destination = join(directory, "default.conf");
  const config = configOf({ containers: { where: [{ label: "tier=web" }] } });
  const { stdout, exitCode } = await runRender(config);
  assert.equal(exitCode, 0);
  assert.match(stdout, /server_name a\.example;/);
  assert.doesNotMatch(stdout, /b\.example/);
  assert.equal(existsSync(destination), false);
  assert.deepEqual(await runRender(config, destination), { stdout, stderr: "", exitCode: 0 });
});

test("diff prints the change of a file and changes nothing", async () => {
  agent.first = [NGINX, app("a", "web")];
  const config = configOf({});
  const file = join(directory, "default.conf");
  const again = await runDiff(config);
  assert.equal(again.exitCode, 1);
  assert.match(again.stdout, /^\+ {4}server_name a\.example;$/m);
  assert.equal(existsSync(file), false);
  writeFileSync(file, (await runRender(config)).stdout);
  assert.deepEqual(await runDiff(config, file), { stdout: "", stderr: "", exitCode: 0 });
  agent.first = [NGINX, app("b", "web")];
  const changed = await runDiff(config);
  assert.match(changed.stdout, /^- {4}server_name a\.example;$/m);
  assert.match(changed.stdout, /^\+ {4}server_name b\.example;$/m);
  const absent = await runDiff({ ...config, agents: [{ socket: join(directory, "none.sock") }] });
  assert.deepEqual([absent.exitCode, absent.stdout], [2, ""]);
});

test("render lists quarantined containers, and reports the limit that a template exceeds", async () => {
  const many = Array.from({ length: 120 }, (_none, index) => ({
    ...app("a", "web"),
    id: index.toString(16).padStart(64, "0"),
    name: `many${index}`,
    env: { VIRTUAL_HOST: `many${index}.example` },
  }));
  agent.first = [NGINX, ...many, { ...app("b", "web"), env: { VIRTUAL_HOST: "b example" } }];
  const aside = await runRender(configOf({}));
  assert.equal(aside.exitCode, 0);
  assert.match(aside.stderr, /^container appb is quarantined: VIRTUAL_HOST: invalid value .* not a DNS name.*\n$/);
  const template = join(directory, "large.hbs");
  writeFileSync(template, `{{#eachHost}}${"x".repeat(200_000)}{{/eachHost}}`);
  const { exitCode, stdout, stderr } = await runRender(configOf({ template }));
  assert.deepEqual([exitCode, stdout], [1, ""]);
  assert.match(stderr, /large\.hbs: makes more than 16777216 characters/);
});

test("snapshot prints the containers that the agents disclose", async () => {
  agent.first = [app("b", "test"), app("a", "web")];
  const { stdout, exitCode } = await runSnapshot(configOf({}));
  assert.equal(exitCode, 0);
  const told = JSON.parse(stdout) as { host: string; name: string }[];
  assert.deepEqual(
    told.map(({ host, name }) => [host, name]),
    [
      ["fake", "appa"],
      ["fake", "appb"],
    ],
  );
});

test("render reports why a file cannot be rendered", async () => {
  agent.first = [app("a", "web")];
  const config = configOf({});
  const held = await runRender(config);
  assert.deepEqual([held.exitCode, held.stdout], [1, ""]);
  assert.match(held.stderr, /sallyport\.proxy=true/);
  const absent = await runRender({ ...config, agents: [{ socket: join(directory, "none.sock") }] });
  assert.match(absent.stderr, /none\.sock: ENOENT/);
  assert.match(
    (await runRender(config, "/other")).stderr,
    /no target with destination \/other; name one of .*default\.conf/,
  );
});

test("uses an edited template after a refresh, and keeps the last good one if it has errors", async () => {
  agent.first = [NGINX, app("a", "web")];
  const template = join(directory, "t.hbs");
  writeFileSync(template, "{{#eachHost}}one {{name}}\n{{/eachHost}}");
  const events: string[] = [];
  let refresh: () => void = () => undefined;
  const log = (_level: string, event: string) => void events.push(event);
  running = run(configOf({ template }), stop.signal, log, {
    onStart: (started) => (refresh = () => started.refresh()),
  });
  const file = join(directory, "default.conf");
  const text = () => readFileSync(file, "utf8");
  await eventually("the first is used", () => text() === "one a.example\n");
  writeFileSync(template, "{{#eachHost}}two {{name}}\n{{/eachHost}}");
  refresh();
  await eventually("the second is used", () => text() === "two a.example\n");
  writeFileSync(template, "{{#if}");
  writeFileSync(file, "spoiled");
  refresh();
  refresh();
  await eventually("the file is put right with the second", () => text() === "two a.example\n");
  assert.equal(events.filter((event) => event === "template.rejected").length, 1);
});

test("run --once publishes the file, reloads the server and exits", async () => {
  agent.first = [NGINX, app("a", "web")];
  const told = join(directory, "told");
  const config = configOf({ reload: { exec: { command: ["touch", told] } } });
  assert.deepEqual(await runOnce(config, stop.signal, () => undefined), { kind: "live" });
  assert.deepEqual(hostsIn(join(directory, "default.conf")), ["a.example"]);
  assert.ok(existsSync(told));
  assert.deepEqual(await runOnce(config, stop.signal, () => undefined), { kind: "live" });
});

test("run --once reports what is missing after the timeout", async () => {
  agent.first = [NGINX, app("a", "web")];
  const config = configOf({ reload: { exec: { command: ["false"] } } });
  const ending = await runOnce(config, stop.signal, () => undefined, 3_000);
  assert.equal(ending.kind, "late");
  assert.match(JSON.stringify(ending), /default\.conf: false exited with 1/);
  const absent = { ...config, agents: [{ socket: join(directory, "none.sock") }] };
  assert.match(JSON.stringify(await runOnce(absent, stop.signal, () => undefined, 3_000)), /none\.sock: ENOENT/);
});

test("keeps the cached routes of an absent agent at start, and follows the other agents", async () => {
  const other = new FakeAgent(join(directory, "other.sock"));
  const agents = [{ socket: join(directory, "agent.sock") }, { socket: join(directory, "other.sock") }];
  agent.first = [app("a", "web")];
  other.first = [app("b", "web")];
  const config = { ...configOf({}), agents, proxy: "host" as const };
  const file = join(directory, "default.conf");
  running = run(config, stop.signal, () => undefined);
  await eventually("both are routed", () => hostsIn(file).join(" ") === "a.example b.example");
  const memory = join(directory, ".sallyport", "agents");
  await eventually("what they told is kept", () => existsSync(memory) && readdirSync(memory).length === 2);
  stop.abort();
  await running;
  await other.close();

  stop = new AbortController();
  agent.first = [app("a", "web"), app("c", "web")];
  const logged: string[] = [];
  running = run(config, stop.signal, (_level, event) => void logged.push(event));
  await eventually("all are routed", () => hostsIn(file).join(" ") === "a.example b.example c.example");
  assert.ok(logged.includes("agent.restored"));
  const { agents: standing } = await askStatus(config.statusSocket);
  assert.deepEqual(
    standing.map(({ connected, containers }) => [connected, containers]),
    [
      [true, 2],
      [false, 1],
    ],
  );
});

test("publishes the routes of other agents although one agent never connected", async () => {
  agent.first = [app("a", "web")];
  const agents = [{ socket: join(directory, "agent.sock") }, { socket: join(directory, "never.sock") }];
  const config = { ...configOf({}), agents, proxy: "host" as const };
  const logged: string[] = [];
  running = run(config, stop.signal, (_level, event) => void logged.push(event));
  const file = join(directory, "default.conf");
  await eventually("the one that is there is routed", () => hostsIn(file).join(" ") === "a.example");
  assert.ok(logged.includes("agent.skipped"));
  const { agents: standing } = await askStatus(config.statusSocket);
  assert.deepEqual(
    standing.map(({ connected }) => connected),
    [true, false],
  );
});

test("uses an edited configuration, and reports and ignores one with errors", async () => {
  agent.first = [NGINX, app("a", "web"), app("b", "test")];
  const file = join(directory, "renderer.yml");
  const text = (tier: string, more = "") =>
    JSON.stringify({
      ...written({ containers: { where: [{ label: `tier=${tier}` }] } }),
      ...(more !== "" && { [more]: 1 }),
    });
  writeFileSync(file, text("web"));
  const config = parseConfig(readFileSync(file, "utf8"), file);
  assert.ok(!("problems" in config));
  const logged: string[] = [];
  let refresh = (): void => undefined;
  running = runFile(
    file,
    config,
    stop.signal,
    (_level, event, fields) => void logged.push(`${event} ${JSON.stringify(fields)}`),
    (again) => (refresh = again),
  );
  const destination = join(directory, "default.conf");
  await eventually("the host is routed", () => hostsIn(destination).join() === "a.example");
  writeFileSync(file, text("test", "tragets"));
  refresh();
  await eventually("the error is reported", () =>
    logged.some((line) => /config\.rejected.*renderer\.yml:1:[0-9]+: .*tragets/.test(line)),
  );
  assert.deepEqual(hostsIn(destination), ["a.example"]);
  for (const [spoiled, message] of [
    ["proxy: *missing", /unknown alias \*missing/],
    [`a: &a [x,x,x,x]\n${"b: &a [*a,*a,*a,*a,*a]\n".repeat(9).replaceAll("b:", "- ")}`, /config\.rejected/],
    [`agents: ${"[".repeat(9_000)}`, /nested too deeply/],
    [
      "targets: [{ template: /no/such.hbs, destination: /d, reload: none }]\nagents: [{ socket: /a }]",
      /:1:23: targets\.0\.template: \/no\/such\.hbs: ENOENT/,
    ],
  ] as const) {
    const before = logged.length;
    writeFileSync(file, spoiled);
    refresh();
    await eventually(`${spoiled.slice(0, 40)} is reported`, () =>
      logged.slice(before).some((line) => message.test(line)),
    );
    assert.deepEqual(hostsIn(destination), ["a.example"]);
    await eventually("status reports it", async () =>
      message.test(`config.rejected ${(await askStatus(config.statusSocket)).rejectedConfig.join()}`),
    );
  }
  writeFileSync(file, text("test").replaceAll("status.sock", "missing/status.sock"));
  await eventually("status reports a configuration that cannot be run", async () =>
    /^statusSocket: .*missing/.test((await askStatus(config.statusSocket)).rejectedConfig.join()),
  );
  refresh();
  await eventually("the earlier configuration is used again", () => hostsIn(destination).join() === "a.example");
  assert.match((await askStatus(config.statusSocket)).rejectedConfig.join(), /^statusSocket: /);
  writeFileSync(file, text("test"));
  await eventually("the next is used", () => hostsIn(destination).join() === "b.example");
  agent.send("snapshot.delta", { base: 5, generation: 6, upserted: [app("c", "test")], removed: [], anchor });
  await eventually("changes are followed", () => hostsIn(destination).join(" ") === "b.example c.example");
});
