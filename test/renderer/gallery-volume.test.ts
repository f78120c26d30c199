import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { run } from "../../renderer/commands/run.ts";
import { parseConfig } from "../../renderer/config.ts";
import { askStatus } from "../../renderer/status/socket.ts";
import { eventually } from "../eventually.ts";
import { anchor, container, FakeAgent } from "./fake-agent.ts";

const GALLERY = "renderer/templates/gallery";
const LABELS = { "prometheus.port": "9100", logs: "true" };

function app(digit: string) {
  const host = `app${digit}.example`;
  const labels = { ...LABELS, "haproxy.host": host, "caddy.host": host, "traefik.host": host };
  const networks = [{ name: "front", ipv4: `10.0.0.${digit.charCodeAt(0)}` }];
  return container(digit, { labels, networks, ports: [{ port: 80, proto: "tcp" }] });
}

let directory: string;
let agent: FakeAgent;
let stop: AbortController;
let running: Promise<unknown>;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "sallyport-gallery-volume-"));
  mkdirSync(join(directory, "out"));
  agent = new FakeAgent(join(directory, "agent.sock"));
  agent.first = [app("a")];
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await agent.close();
  await running;
  rmSync(directory, { recursive: true });
});

const templates = readdirSync(GALLERY).map((name) => ({
  name,
  file: join(process.cwd(), GALLERY, name),
  format: /format: ([a-z]+)/.exec(readFileSync(join(GALLERY, name), "utf8"))![1]!,
  destination: (): string => join(directory, "out", name.replace(/\.hbs$/, "")),
}));

/** All of the gallery at once, each with a file of its own in one volume. */
function follow(): void {
  const targets = templates.map(({ file, format, destination }) => ({
    template: file,
    format,
    destination: destination(),
    wait: "0ms:0ms",
    reload: "none",
  }));
  const agents = [{ socket: join(directory, "agent.sock") }];
  const config = parseConfig(JSON.stringify({ agents, statusSocket: statusSocket(), targets }), "test.yml");
  assert.ok(!("problems" in config), JSON.stringify(config));
  running = run(config, stop.signal, () => undefined);
}

const statusSocket = (): string => join(directory, "status.sock");
const textOf = (path: string): string => (existsSync(path) ? readFileSync(path, "utf8") : "");

/** Whether a file tells of the container, by what any of these templates prints of it. */
const tellsOf = (path: string, digit: string): boolean =>
  [`app${digit}`, digit.repeat(12), `10.0.0.${digit.charCodeAt(0)}`].some((word) => textOf(path).includes(word));

test("a link in the place of any file of the gallery is replaced or refused, and its victim stays as it is", async () => {
  const victim = join(directory, "victim");
  writeFileSync(victim, "precious");
  for (const { destination } of templates) symlinkSync(victim, destination());
  follow();
  await eventually("the agent is listened to", () => agent.subscriptions > 0);
  await eventually("every target has said what it thinks of it", async () =>
    (await askStatus(statusSocket())).targets.every(({ problem, publishedAt }) => problem ?? publishedAt),
  );
  assert.equal(readFileSync(victim, "utf8"), "precious");
  for (const { destination } of templates) {
    rmSync(destination(), { force: true });
  }
  agent.tell("snapshot.delta", { base: 5, generation: 6, upserted: [app("b")], removed: [], anchor });
  for (const { name, destination } of templates)
    await eventually(`${name} is a file when the link is gone`, () => tellsOf(destination(), "b"));
  for (const { destination } of templates) assert.ok(lstatSync(destination()).isFile());
  assert.equal(readFileSync(victim, "utf8"), "precious");
});

test("a second name of any file of the gallery keeps the text it had: files are replaced, never written into", async () => {
  follow();
  for (const { name, destination } of templates) await eventually(name, () => tellsOf(destination(), "a"));
  const before = templates.map(({ destination }) => {
    linkSync(destination(), `${destination()}.second`);
    return textOf(destination());
  });
  agent.tell("snapshot.delta", { base: 5, generation: 6, upserted: [app("b")], removed: [], anchor });
  for (const { name, destination } of templates) await eventually(name, () => tellsOf(destination(), "b"));
  assert.deepEqual(
    templates.map(({ destination }) => textOf(`${destination()}.second`)),
    before,
  );
});

test("a directory or a FIFO in the place of any file of the gallery is named, and the others are kept", async () => {
  for (const [index, { destination }] of templates.entries()) {
    if (index % 3 === 0) mkdirSync(destination());
    if (index % 3 === 1) execFileSync("mkfifo", [destination()]);
  }
  follow();
  const blocked = templates.filter((_one, index) => index % 3 < 2);
  await eventually("every target that is blocked says so", async () => {
    const { targets } = await askStatus(statusSocket());
    const said = targets.filter(({ problem }) => /not a file.*remove it/.test(problem ?? ""));
    return said.length === blocked.length;
  });
  for (const [index, { name, destination }] of templates.entries())
    if (index % 3 === 2) await eventually(name, () => tellsOf(destination(), "a"));
  for (const { destination } of blocked) rmSync(destination(), { recursive: true });
  for (const { name, destination } of templates)
    await eventually(`${name} is there when nothing is in the way`, () => tellsOf(destination(), "a"));
});

test("whoever reads any file of the gallery while it changes sees a whole one", async () => {
  follow();
  for (const { name, destination } of templates) await eventually(name, () => tellsOf(destination(), "a"));
  const seen = templates.map(() => new Set<string>());
  let generation = 5;
  for (let round = 0; round < 10; round++) {
    const [upserted, removed] = round % 2 === 0 ? [[app("b")], []] : [[], ["b".repeat(64)]];
    agent.tell("snapshot.delta", { base: generation, generation: ++generation, upserted, removed, anchor });
    await eventually("all follow", () => {
      for (const [index, { destination }] of templates.entries()) seen[index]!.add(textOf(destination()));
      return templates.every(({ destination }) => tellsOf(destination(), "b") === (round % 2 === 0));
    });
  }
  for (const texts of seen) assert.equal(texts.size, 2, [...texts].join("\n--\n"));
});
