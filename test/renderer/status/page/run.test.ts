import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { run } from "../../../../renderer/targets/run.ts";
import { parseConfig } from "../../../../renderer/config/load.ts";
import { Metrics } from "../../../../renderer/status/metrics/metrics.ts";
import { PageWriter } from "../../../../renderer/status/page/page-writer.ts";
import { eventually } from "../../../eventually.ts";
import { container, FakeAgent } from "../../fake-agent.ts";
import { exampleReport } from "../example-report.ts";
import { removeDirectory } from "../../../remove-directory.ts";

const app = (digit: string, env: Record<string, string>) =>
  container(digit, { env, networks: [{ name: "front", ipv4: "10.0.0.9" }], ports: [{ port: 80, proto: "tcp" }] });

let directory: string;
let agent: FakeAgent;
let stop: AbortController;
let running: Promise<unknown> = Promise.resolve();
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "sallyport-page-"));
  agent = new FakeAgent(join(directory, "agent.sock"));
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await agent.close();
  await running;
  await removeDirectory(directory);
});

/** Runs a renderer with its page in `status`. Returns the events of its log. */
function follow(): string[] {
  const config = parseConfig(
    JSON.stringify({
      agents: [{ socket: join(directory, "agent.sock") }],
      proxy: "host",
      statusSocket: join(directory, "status.sock"),
      statusPage: { directory: join(directory, "status") },
      targets: [
        {
          template: join(process.cwd(), "renderer/templates/nginx.conf.hbs"),
          destination: join(directory, "default.conf"),
          wait: "0ms:0ms",
          reload: "none",
        },
      ],
    }),
    "test.yml",
  );
  assert.ok(!("problems" in config), JSON.stringify(config));
  const events: string[] = [];
  running = run(config, stop.signal, (_level, event) => void events.push(event));
  return events;
}

const read = (name: string): string => readFileSync(join(directory, "status", name), "utf8");

test("updates the page on every change and marks the last version when the renderer stops", async () => {
  agent.first = [app("a", { VIRTUAL_HOST: "a.example" })];
  follow();
  await eventually("the host is shown", () => read("index.html").includes("a.example"));
  assert.match(read("style.css"), /prefers-color-scheme: dark/);
  const upserted = [app("b", { VIRTUAL_HOST: "b.example" }), app("c", { VIRTUAL_HOST: "<b>c</b>" })];
  agent.send("snapshot.delta", { base: 5, generation: 6, upserted, removed: [] });
  await eventually("one host is added, one container is quarantined", () =>
    /b\.example[^]*&lt;b&gt;c&lt;\/b&gt;/.test(read("index.html")),
  );
  await eventually("the JSON has the same content", () => {
    const { virtualHosts, quarantined } = JSON.parse(read("status.json")) as {
      virtualHosts: { host: string }[];
      quarantined: { reason: string }[];
    };
    return (
      virtualHosts.map(({ host }) => host).join(" ") === "a.example b.example" &&
      quarantined[0]?.reason.includes('"<b>c</b>"')
    );
  });
  stop.abort();
  await running;
  assert.match(read("index.html"), /The renderer has stopped/);
  assert.match(read("index.html"), /b\.example/);
});

test("logs a directory that cannot be written once and continues to publish", async () => {
  agent.first = [app("a", { VIRTUAL_HOST: "a.example" })];
  writeFileSync(join(directory, "status"), "a file is in its place");
  const events = follow();
  await eventually("the error is logged", () => events.includes("page.failed"));
  await eventually("the host is routed", () =>
    readFileSync(join(directory, "default.conf"), "utf8").includes("a.example"),
  );
  agent.send("snapshot.delta", { base: 5, generation: 6, upserted: [], removed: ["a".repeat(64)] });
  await eventually(
    "the host is gone",
    () => !readFileSync(join(directory, "default.conf"), "utf8").includes("a.example"),
  );
  rmSync(join(directory, "status"));
  mkdirSync(join(directory, "status"));
  agent.send("snapshot.delta", { base: 6, generation: 7, upserted: agent.first, removed: [] });
  await eventually("the page is written", () => read("index.html").includes("a.example"));
  assert.equal(events.filter((event) => event === "page.failed").length, 1);
});

test("does not write an unchanged page again", async () => {
  let report = exampleReport();
  const writer = new PageWriter(
    join(directory, "status"),
    { report: () => report, metrics: new Metrics() },
    () => undefined,
  );
  const identity = () => statSync(join(directory, "status", "index.html")).ino;
  await eventually("the page is written", () => existsSync(join(directory, "status", "index.html")));
  const first = identity();
  let asked = 0;
  const same = report;
  report = exampleReport();
  Object.defineProperty(report, "pid", { enumerable: true, get: () => (asked++, same.pid) });
  await eventually("two updates ran, the first one completely", () => {
    writer.changed();
    return asked > 1;
  });
  assert.equal(identity(), first);
  report = exampleReport({ warnings: [] });
  writer.changed();
  await eventually("a change is written", () => identity() !== first);
  await writer.stop();
});
