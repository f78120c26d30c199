import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fc } from "../../property.ts";
import { run } from "../../../renderer/targets/run.ts";
import { parseConfig } from "../../../renderer/config/load.ts";
import { askStatus } from "../../../renderer/status/socket.ts";
import { Container } from "../../../shared/snapshot.ts";
import { eventually } from "../../eventually.ts";
import { container, FakeAgent } from "../fake-agent.ts";
import { SHIPPED, targetFor, mentions } from "../template/shipped-templates.ts";
import { HOSTILE, hostileText } from "../structure/hostile.ts";
import { removeDirectory } from "../../remove-directory.ts";

const LABELS = ["haproxy.host", "caddy.host", "traefik.host", "prometheus.port", "logrotate.keep", "logs"];
const NETWORKS = [{ name: "front", ipv4: "10.0.0.98" }];
const PORTS = [{ port: 80, proto: "tcp" as const }];

function good(digit: string): Container {
  const host = `app${digit}.example`;
  const labels = {
    "haproxy.host": host,
    "caddy.host": host,
    "traefik.host": host,
    "prometheus.port": "9100",
    logs: "true",
  };
  const networks = [{ name: "front", ipv4: `10.0.0.${digit.charCodeAt(0)}` }];
  return container(digit, { env: { VIRTUAL_HOST: host }, labels, networks, ports: PORTS });
}

/** A container with the same hostile text in every label and variable that a shipped template reads. */
function poison(digit: string, text: string): Container {
  const words = [
    "com.docker.compose.project",
    "com.docker.compose.service",
    "com.docker.compose.config-hash",
    ...LABELS,
  ];
  const labels = Object.fromEntries(words.map((name) => [name, text]));
  return container(digit, { env: { VIRTUAL_HOST: text }, labels, networks: NETWORKS, ports: PORTS, createdAt: 2 });
}

/** Every text of the corpus that an agent can send, and mixtures of them. */
const poisons = [...HOSTILE, ...fc.sample(hostileText, { seed: 42, numRuns: 60 })]
  .filter((text) => Container.safeParse(poison("b", text)).success)
  .map((text, index) => ({ ...poison("b", text), id: index.toString(16).padStart(64, "b"), name: `poison${index}` }));

const directory = mkdtempSync(join(tmpdir(), "sallyport-gallery-poison-"));
const agent = new FakeAgent(join(directory, "agent.sock"));
const stop = new AbortController();
const quarantined: { readonly destination: string; readonly container: string }[] = [];
let running: Promise<unknown>;
let watching: NodeJS.Timeout;
const missed: string[] = [];
let generation = 5;

const files = SHIPPED.map(({ name }) => join(directory, "out", name));
const textOf = (file: string): string => (existsSync(file) ? readFileSync(file, "utf8") : "");
const send = (upserted: readonly Container[], removed: readonly string[]): void =>
  agent.send("snapshot.delta", { base: generation, generation: ++generation, upserted, removed });
before(async () => {
  mkdirSync(join(directory, "out"));
  agent.first = [good("a")];
  const config = parseConfig(
    JSON.stringify({
      agents: [{ socket: join(directory, "agent.sock") }],
      proxy: "host",
      statusSocket: join(directory, "status.sock"),
      targets: SHIPPED.map((shipped, index) => ({ ...targetFor(shipped, files[index]!), wait: "0ms:0ms" })),
    }),
    "test.yml",
  );
  assert.ok(!("problems" in config), JSON.stringify(config));
  running = run(config, stop.signal, (_level, event, fields) => {
    const { container: name = "", path = "" } = fields ?? {};
    if (event === "container.quarantined") quarantined.push({ destination: String(path), container: String(name) });
  });
  // Eight threads start.
  for (const file of files) await eventually(file, () => mentions(textOf(file), "a"), 60_000);
  // From here on every file contains the good container at every moment.
  watching = setInterval(() => {
    for (const file of files) if (!mentions(textOf(file), "a")) missed.push(file);
  }, 5);
});
after(async () => {
  clearInterval(watching);
  stop.abort();
  await agent.close();
  await running;
  await removeDirectory(directory);
});

test("a hostile container never removes a good one from any file, and its quarantine is logged once", async () => {
  const pristine = files.map(textOf);
  assert.ok(poisons.length > 100, String(poisons.length));
  for (let at = 0; at < poisons.length; at += 16) {
    const some = poisons.slice(at, at + 16);
    send([...some, good("c")], []);
    for (const file of files) await eventually(`${file} contains the next good one`, () => mentions(textOf(file), "c"));
    const logged = new Set(quarantined.map((one) => `${one.destination} ${one.container}`));
    assert.equal(logged.size, quarantined.length, "each quarantine is logged once for each file");
    send([], [...some.map(({ id }) => id), "c".repeat(64)]);
    for (const [index, file] of files.entries())
      await eventually(`${file} is as before`, () => textOf(file) === pristine[index]);
    await eventually("no container is quarantined any more", async () => {
      const { quarantined } = await askStatus(join(directory, "status.sock"));
      return quarantined.length === 0;
    });
  }
  assert.deepEqual(missed, []);
  assert.ok(quarantined.length > 100);
});
