import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Metrics } from "../../../../renderer/status/metrics/metrics.ts";
import { PageWriter } from "../../../../renderer/status/page/page-writer.ts";
import { eventually } from "../../../eventually.ts";
import { container } from "../../fake-agent.ts";
import { FreshRig } from "../../fresh-rig.ts";
import { exampleReport } from "../example-report.ts";

const app = (digit: string, env: Record<string, string>) =>
  container(digit, { env, networks: [{ name: "front", ipv4: "10.0.0.9" }], ports: [{ port: 80, proto: "tcp" }] });

const rig = new FreshRig([]);

/** Runs a renderer with its page in `status`. */
function follow(): void {
  const template = join(process.cwd(), "renderer/templates/nginx.conf.hbs");
  const destination = join(rig.directory, "default.conf");
  const targets = [{ template, destination, wait: "0ms:0ms", reload: "none" }];
  rig.follow(rig.configOf({ proxy: "host", statusPage: { directory: join(rig.directory, "status") }, targets }));
}

const read = (name: string): string => readFileSync(join(rig.directory, "status", name), "utf8");

test("updates the page on every change and marks the last version when the renderer stops", async () => {
  rig.agent.first = [app("a", { VIRTUAL_HOST: "a.example" })];
  follow();
  await eventually("the host is shown", () => read("index.html").includes("a.example"));
  assert.match(read("style.css"), /prefers-color-scheme: dark/);
  assert.match(read("filter.js"), /^"use strict";/);
  const upserted = [app("b", { VIRTUAL_HOST: "b.example" }), app("c", { VIRTUAL_HOST: "<b>c</b>" })];
  rig.agent.change(upserted);
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
  rig.stop.abort();
  await rig.running;
  assert.match(read("index.html"), /The renderer has stopped/);
  assert.match(read("index.html"), /b\.example/);
});

test("logs a directory that cannot be written once and continues to publish", async () => {
  rig.agent.first = [app("a", { VIRTUAL_HOST: "a.example" })];
  writeFileSync(join(rig.directory, "status"), "a file is in its place");
  follow();
  const isLogged = ({ event }: { event: string }): boolean => event === "page.failed";
  await eventually("the error is logged", () => rig.events.some(isLogged));
  await eventually("the host is routed", () =>
    readFileSync(join(rig.directory, "default.conf"), "utf8").includes("a.example"),
  );
  rig.agent.change([], ["a".repeat(64)]);
  await eventually(
    "the host is gone",
    () => !readFileSync(join(rig.directory, "default.conf"), "utf8").includes("a.example"),
  );
  rmSync(join(rig.directory, "status"));
  mkdirSync(join(rig.directory, "status"));
  rig.agent.change(rig.agent.first);
  await eventually("the page is written", () => read("index.html").includes("a.example"));
  assert.equal(rig.events.filter(isLogged).length, 1);
});

test("does not write an unchanged page again", async () => {
  let report = exampleReport();
  const writer = new PageWriter(
    join(rig.directory, "status"),
    { report: () => report, metrics: new Metrics() },
    () => undefined,
  );
  const identity = () => statSync(join(rig.directory, "status", "index.html")).ino;
  await eventually("the page is written", () => existsSync(join(rig.directory, "status", "index.html")));
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
