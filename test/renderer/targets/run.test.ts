import assert from "node:assert/strict";
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { configFromArguments } from "../../../renderer/cli/docker-gen-arguments.ts";
import { runFile } from "../../../renderer/targets/follow-config.ts";
import { parseConfig } from "../../../renderer/config/load.ts";
import { run } from "../../../renderer/targets/run.ts";
import { askStatus } from "../../../renderer/status/socket.ts";
import { eventually } from "../../eventually.ts";
import { container, FakeAgent } from "../fake-agent.ts";
import { app, hostsIn, NGINX, RunRig } from "../run-rig.ts";

let rig: RunRig;
beforeEach(() => void (rig = new RunRig()));
afterEach(async () => await rig.close());

test("routes only the containers that a target selects, and follows when one is no longer selected", async () => {
  rig.agent.first = [NGINX, app("a", "web"), app("b", "test"), app("c", "web")];
  const file = rig.follow({ containers: { where: [{ label: "tier=web" }] } });
  await eventually("both are routed", () => hostsIn(file).join(" ") === "a.example c.example");
  const { unrouted, filtered } = await askStatus(join(rig.directory, "status.sock"));
  assert.deepEqual(
    [...unrouted, ...filtered].map(({ name }) => name),
    ["appf", "appb"],
  );
  rig.agent.send("snapshot.delta", {
    base: 5,
    generation: 6,
    upserted: [app("b", "web")],
    removed: ["c".repeat(64)],
  });
  await eventually("one came, one went", () => hostsIn(file).join(" ") === "a.example b.example");
  rig.agent.send("snapshot.delta", { base: 6, generation: 7, upserted: [app("a", "test")], removed: [] });
  await eventually("one is not selected any more", () => hostsIn(file).join(" ") === "b.example");
});

test("routes no container that is not selected, also if it has the label of nginx's container", async () => {
  const labels = { "sallyport.proxy": "true", "sallyport.host": "evil.example" };
  rig.agent.first = [NGINX, app("a", "web"), container("b", { ...app("b", "test"), labels })];
  const file = rig.follow({ containers: { where: [{ label: "tier=web" }] } });
  await eventually("the selected one is routed", () => hostsIn(file).includes("a.example"));
  assert.deepEqual(hostsIn(file), ["a.example"]);
});

test("debounces a flood of changes, and publishes the last one", async () => {
  rig.agent.first = [NGINX, app("a", "web")];
  const reloads = join(rig.directory, "reloads");
  const reload = { exec: { command: ["sh", "-c", `echo >>${reloads}`] } };
  const count = (): number => (existsSync(reloads) ? readFileSync(reloads, "utf8").length : 0);
  const file = rig.follow({ wait: "100ms:300ms", reload });
  await eventually("the host is routed", () => hostsIn(file).join() === "a.example" && count() > 0);
  const [before, began] = [count(), performance.now()];
  const CHANGES = 4_000;
  for (let number = 1; number <= CHANGES; number++) {
    const upserted = [container("a", { ...app("a", "web"), health: number % 2 === 0 ? "healthy" : "unhealthy" })];
    rig.agent.send("snapshot.delta", { base: 4 + number, generation: 5 + number, upserted, removed: [] });
    if (number % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const last = { ...app("a", "web"), env: { VIRTUAL_HOST: "last.example" } };
  const base = 5 + CHANGES;
  rig.agent.send("snapshot.delta", { base, generation: base + 1, upserted: [last], removed: [] });
  await eventually("the last is live", () => hostsIn(file).join() === "last.example");
  const passes = count() - before;
  // Between two passes there are at least 100 ms: however slow the machine, that many fit and no more.
  assert.ok(passes <= 2 + (performance.now() - began) / 100, `${passes} reloads for ${CHANGES} changes`);
});

test("removes the address of a container that ended without waiting for further changes", async () => {
  rig.agent.first = [NGINX, app("a", "web"), app("b", "web")];
  const file = rig.follow({ wait: "5m:5m" });
  await eventually("both are routed", () => hostsIn(file).join(" ") === "a.example b.example");
  rig.agent.send("snapshot.delta", { base: 5, generation: 6, upserted: [app("c", "web")], removed: [] });
  const ended = container("a", { ...app("a", "web"), state: "exited", networks: [{ name: "front" }] });
  rig.agent.send("snapshot.delta", { base: 6, generation: 7, upserted: [ended], removed: ["b".repeat(64)] });
  await eventually("the addresses are gone", () => !/app[ab]/.test(readFileSync(file, "utf8")));
  await eventually("waiting changes are published, too", () => hostsIn(file).includes("c.example"));
});

test("does not reload when a change leaves the file as it is", async () => {
  rig.agent.first = [NGINX, app("a", "web")];
  const reloads = join(rig.directory, "reloads");
  const count = (): number => (existsSync(reloads) ? readFileSync(reloads, "utf8").length : 0);
  const file = rig.follow({ reload: { exec: { command: ["sh", "-c", `echo >>${reloads}`] } } });
  await eventually("the host is routed", () => hostsIn(file).join() === "a.example" && count() > 0);
  const before = count();
  const healthy = { ...app("a", "web"), health: "healthy" as const };
  rig.agent.send("snapshot.delta", { base: 5, generation: 6, upserted: [healthy], removed: [] });
  rig.agent.send("snapshot.delta", { base: 6, generation: 7, upserted: [app("b", "web")], removed: [] });
  await eventually("the next change is live", () => hostsIn(file).join(" ") === "a.example b.example");
  await eventually("it is reloaded", () => count() > before);
  assert.equal(count(), before + 1);
});

test("publishes a file and reloads by a command with docker-gen's arguments alone", async () => {
  rig.agent.first = [NGINX, app("a", "web"), app("b", "test")];
  const [file, marker] = [join(rig.directory, "words.conf"), join(rig.directory, "marker")];
  const template = join(process.cwd(), "renderer/templates/nginx.conf.hbs");
  const flags = ["-watch", "-wait", "0s", "-container-filter", "label=tier=web", "-notify", `touch ${marker}`];
  const found = configFromArguments([...flags, template, file], rig.directory);
  assert.ok(!("problems" in found), JSON.stringify(found));
  const places = {
    agents: [{ socket: join(rig.directory, "agent.sock") }],
    statusSocket: join(rig.directory, "status.sock"),
  };
  rig.running = run({ ...found.config, ...places }, rig.stop.signal, () => undefined);
  await eventually("the host is routed", () => hostsIn(file).join(" ") === "a.example");
  await eventually("the command was run", () => existsSync(marker));
});

test("restores a live file that another process changed at the next interval", async () => {
  rig.agent.first = [NGINX, app("a", "web")];
  const file = rig.follow({ interval: "1s", onlyExposed: true });
  await eventually("the host is routed", () => hostsIn(file).includes("a.example"));
  const written = readFileSync(file, "utf8");
  writeFileSync(file, "spoiled");
  await eventually("it is as it was", () => readFileSync(file, "utf8") === written);
});

test("removes blank lines when configured", async () => {
  rig.agent.first = [NGINX, app("a", "web")];
  const file = rig.follow({ keepBlankLines: false });
  await eventually("the host is routed", () => hostsIn(file).includes("a.example"));
  assert.doesNotMatch(readFileSync(file, "utf8"), /^\s*$\n/m);
});

test("uses an edited template after a refresh, and keeps the last good one if it has errors", async () => {
  rig.agent.first = [NGINX, app("a", "web")];
  const template = join(rig.directory, "t.hbs");
  writeFileSync(template, "{{#eachHost}}one {{name}}\n{{/eachHost}}");
  const events: string[] = [];
  let refresh: () => void = () => undefined;
  const log = (_level: string, event: string) => void events.push(event);
  rig.running = run(rig.configOf({ template }), rig.stop.signal, log, {
    onStart: (started) => (refresh = () => started.refresh()),
  });
  const file = join(rig.directory, "default.conf");
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

test("keeps the cached routes of an absent agent at start, and follows the other agents", async () => {
  const other = new FakeAgent(join(rig.directory, "other.sock"));
  const agents = [{ socket: join(rig.directory, "agent.sock") }, { socket: join(rig.directory, "other.sock") }];
  rig.agent.first = [app("a", "web")];
  other.first = [app("b", "web")];
  const config = { ...rig.configOf({}), agents, proxy: "host" as const };
  const file = join(rig.directory, "default.conf");
  rig.running = run(config, rig.stop.signal, () => undefined);
  await eventually("both are routed", () => hostsIn(file).join(" ") === "a.example b.example");
  const cache = join(rig.directory, ".sallyport", "agents");
  await eventually("both are cached", () => existsSync(cache) && readdirSync(cache).length === 2);
  // The cache is written at intervals, and when the renderer ends.
  other.change([app("d", "web")]);
  await eventually("the new container is routed", () => hostsIn(file).includes("d.example"));
  rig.stop.abort();
  await rig.running;
  await other.close();
  const cached = readdirSync(cache).map((name) => readFileSync(join(cache, name), "utf8"));
  assert.match(cached.join("\n"), /d\.example/);

  rig.stop = new AbortController();
  rig.agent.first = [app("a", "web"), app("c", "web")];
  const logged: string[] = [];
  rig.running = run(config, rig.stop.signal, (_level, event) => void logged.push(event));
  await eventually("all are routed", () => hostsIn(file).join(" ") === "a.example b.example c.example d.example");
  assert.ok(logged.includes("agent.restored"));
  const { agents: standing } = await askStatus(config.statusSocket);
  assert.deepEqual(
    standing.map(({ connected, containers }) => [connected, containers]),
    [
      [true, 2],
      [false, 2],
    ],
  );
});

test("keeps the cached tasks of a swarm at start while the agent does not know them, and reports it", async () => {
  const task = { ...app("b", "web"), task: { service: "web", state: "running" as const } };
  rig.agent.first = [app("a", "web"), task];
  const config = { ...rig.configOf({}), proxy: "host" as const };
  const file = join(rig.directory, "default.conf");
  rig.running = run(config, rig.stop.signal, () => undefined);
  await eventually("both are routed", () => hostsIn(file).join(" ") === "a.example b.example");
  const cache = join(rig.directory, ".sallyport", "agents");
  await eventually("the tasks are cached", () => existsSync(cache) && readdirSync(cache).length === 1);
  rig.stop.abort();
  await rig.running;

  rig.stop = new AbortController();
  Object.assign(rig.agent, { first: [app("c", "web")], lacksTasks: true });
  rig.running = run(config, rig.stop.signal, () => undefined);
  await eventually("the task is routed", () => hostsIn(file).join(" ") === "b.example c.example");
  const { attention } = await askStatus(config.statusSocket);
  const text = "the swarm's manager on fake does not list tasks: they may be outdated";
  assert.ok(attention.some((one) => one.text === text));
});

test("counts staleAfter from the disconnection, also across a restart of the renderer", async () => {
  const other = new FakeAgent(join(rig.directory, "other.sock"));
  const agents = [{ socket: join(rig.directory, "agent.sock") }, { socket: join(rig.directory, "other.sock") }];
  rig.agent.first = [app("a", "web")];
  other.first = [app("b", "web")];
  const config = { ...rig.configOf({ routing: { staleAfter: "1h" } }), agents, proxy: "host" as const };
  const file = join(rig.directory, "default.conf");
  rig.running = run(config, rig.stop.signal, () => undefined);
  await eventually("both are routed", () => hostsIn(file).join(" ") === "a.example b.example");
  await other.close();
  const memory = join(rig.directory, ".sallyport", "agents");
  const ofOther = () => {
    // A file that is being written has another name.
    const names = (existsSync(memory) ? readdirSync(memory) : []).filter((name) => name.endsWith(".json"));
    const paths = names.map((name) => join(memory, name));
    return paths.find((path) => /"absentSince":\d+/.test(readFileSync(path, "utf8")));
  };
  const path = await eventually("the time is recorded", () => ofOther());
  rig.stop.abort();
  await rig.running;
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.replace(/"absentSince":\d+/, `"absentSince":${Date.now() - 7_200_000}`));

  rig.stop = new AbortController();
  const logged: string[] = [];
  rig.running = run(config, rig.stop.signal, (_level, event) => void logged.push(event));
  await eventually("it is expired", () => logged.includes("agent.expired"));
  // The same for a renderer whose only agent is absent.
  const [only, onlyConf] = [agents.slice(1), join(rig.directory, "only", "only.conf")];
  cpSync(memory, join(rig.directory, "only", ".sallyport", "agents"), { recursive: true });
  const { targets, ...rest } = config;
  const alone = { ...rest, agents: only, statusSocket: join(rig.directory, "only.sock") };
  const running = run(
    {
      ...alone,
      targets: targets.map((target) => ({ ...target, destination: onlyConf })),
    },
    rig.stop.signal,
    () => undefined,
  );
  await eventually("only the other agent's app is served", () => !readFileSync(file, "utf8").includes("appb"));
  assert.match(readFileSync(file, "utf8"), /appa/);
  await eventually(
    "the host of the only agent is kept without its app",
    () => hostsIn(onlyConf).join() === "b.example",
  );
  assert.doesNotMatch(readFileSync(onlyConf, "utf8"), /appb/);
  rig.stop.abort();
  await running;
});

test("publishes the routes of other agents although one agent never connected", async () => {
  rig.agent.first = [app("a", "web")];
  const agents = [{ socket: join(rig.directory, "agent.sock") }, { socket: join(rig.directory, "never.sock") }];
  const config = { ...rig.configOf({}), agents, proxy: "host" as const };
  const logged: string[] = [];
  rig.running = run(config, rig.stop.signal, (_level, event) => void logged.push(event));
  const file = join(rig.directory, "default.conf");
  await eventually("the one that is there is routed", () => hostsIn(file).join(" ") === "a.example");
  assert.ok(logged.includes("agent.skipped"));
  const { agents: standing } = await askStatus(config.statusSocket);
  assert.deepEqual(
    standing.map(({ connected }) => connected),
    [true, false],
  );
});

test("routes a Swarm task once that the agents of a manager and of its node report, until either reports its end", async (t) => {
  const task = (digit: string) =>
    container(digit, {
      ...app(digit, "web"),
      name: `web.${digit}.${digit.repeat(25)}`,
      env: {},
      labels: { "sallyport.host": "web.example", "sallyport.port": "80" },
      networks: [{ name: "front", ipv4: `10.0.0.${Number.parseInt(digit, 16)}` }],
      task: { service: "web", state: "running", node: `w${digit}`, nodeState: "ready" },
    });
  const ofNode = (digit: string, changes = {}) => container(digit, { isTask: true, ...changes });
  rig.agent.first = ["a", "b", "c"].map(task).concat(NGINX);
  const node = new FakeAgent(join(rig.directory, "node.sock"));
  t.after(async () => await node.close());
  node.host = "w1";
  node.first = [ofNode("a"), ofNode("b"), ofNode("d")];
  const agents = [
    { socket: join(rig.directory, "agent.sock") },
    { socket: join(rig.directory, "node.sock"), host: "w1" },
  ];
  const file = join(rig.directory, "default.conf");
  rig.running = run({ ...rig.configOf({ wait: "5m:5m" }), agents }, rig.stop.signal, () => undefined);
  const has = async (addresses: string): Promise<unknown> =>
    await eventually(`${addresses} are routed`, () => {
      const servers = [...readFileSync(file, "utf8").matchAll(/^ *server 10\.0\.0\.(\d+):80 (?!.* backup;)/gm)].map(
        ([, last]) => last,
      );
      return servers.join(" ") === addresses;
    });
  await has("10 11 12");
  node.change([ofNode("a", { stopping: true, stoppingUntil: Date.now() + 600_000 })]);
  await has("11 12");
  rig.agent.change([], ["b".repeat(64)]);
  await has("12");
});

test("uses an edited configuration, and reports and ignores one with errors", async () => {
  rig.agent.first = [NGINX, app("a", "web"), app("b", "test")];
  const file = join(rig.directory, "renderer.yml");
  const text = (tier: string, more = "") =>
    JSON.stringify({
      ...rig.written({ containers: { where: [{ label: `tier=${tier}` }] } }),
      ...(more !== "" && { [more]: 1 }),
    });
  writeFileSync(file, text("web"));
  const config = parseConfig(readFileSync(file, "utf8"), file);
  assert.ok(!("problems" in config));
  const logged: string[] = [];
  let refresh = (): void => undefined;
  rig.running = runFile(
    { file },
    config,
    rig.stop.signal,
    (_level, event, fields) => void logged.push(`${event} ${JSON.stringify(fields)}`),
    (again) => (refresh = again),
  );
  const destination = join(rig.directory, "default.conf");
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
  rig.agent.send("snapshot.delta", { base: 5, generation: 6, upserted: [app("c", "test")], removed: [] });
  await eventually("changes are followed", () => hostsIn(destination).join(" ") === "b.example c.example");
});
