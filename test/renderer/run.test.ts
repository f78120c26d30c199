import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { run } from "../../renderer/commands/run.ts";
import { type Config, parseConfig } from "../../renderer/config.ts";
import { eventually } from "../eventually.ts";
import { anchor, container, FakeAgent } from "./fake-agent.ts";

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
  rmSync(directory, { recursive: true });
});

/** Runs one target that has these keys beside what every target needs; gives the path of its file. */
function follow(target: object): string {
  const destination = join(directory, "default.conf");
  const config = parseConfig(
    JSON.stringify({
      agents: [{ socket: join(directory, "agent.sock") }],
      statusSocket: join(directory, "status.sock"),
      targets: [
        {
          template: join(process.cwd(), "renderer/templates/nginx.conf.hbs"),
          destination,
          wait: "0ms:0ms",
          reload: "none",
          ...target,
        },
      ],
    }),
    "test.yml",
  );
  assert.ok(!("problems" in config), JSON.stringify(config));
  running = run(config satisfies Config, stop.signal, () => undefined);
  return destination;
}

const hostsIn = (file: string): string[] =>
  [...readFileSync(file, "utf8").matchAll(/server_name ([^;_]+);/g)].map((match) => match[1] ?? "").toSorted();

test("a target routes only the containers it names, and follows when one stops to be such", async () => {
  agent.first = [NGINX, app("a", "web"), app("b", "test"), app("c", "web")];
  const file = follow({ containers: { where: [{ label: "tier=web" }] } });
  await eventually("both are routed", () => hostsIn(file).join(" ") === "a.example c.example");
  agent.tell("snapshot.delta", {
    base: 5,
    generation: 6,
    upserted: [app("b", "web")],
    removed: ["c".repeat(64)],
    anchor,
  });
  await eventually("one came, one went", () => hostsIn(file).join(" ") === "a.example b.example");
  agent.tell("snapshot.delta", { base: 6, generation: 7, upserted: [app("a", "test")], removed: [], anchor });
  await eventually("one is not selected any more", () => hostsIn(file).join(" ") === "b.example");
});
