import assert from "node:assert/strict";
import { once } from "node:events";
import * as net from "node:net";
import { join, resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Container } from "../../../shared/snapshot.ts";
import { composeLabels } from "../../shared/compose-labels.ts";
import { freePort } from "../../demo/free-port.ts";
import { nginxCommand } from "../../demo/local-nginx.ts";
import { eventually } from "../../eventually.ts";
import { requires } from "../../requires.ts";
import { NginxRig } from "./rig.ts";

// `nginx -t` cannot detect it: nginx fails to reload and keeps its old configuration.
describe("a container that requests a port in use by another process", { skip: requires("nginx") }, () => {
  const rig = new NginxRig();
  const otherProcess = net.createServer();
  const streamProcess = net.createServer();
  let [port, streamPort, free] = [0, 0, 0];
  let stream: Container;

  before(async () => {
    [port, streamPort, free] = [await freePort(), await freePort(), await freePort()];
    otherProcess.listen(port, "0.0.0.0");
    streamProcess.listen(streamPort, "0.0.0.0");
    await Promise.all([once(otherProcess, "listening"), once(streamProcess, "listening")]);
    const nginx = [...nginxCommand(rig.directory, join(rig.directory, "nginx.conf")), "-s", "reload"];
    const script = resolve("test/renderer/nginx/reload-and-confirm.sh");
    const reload = { exec: { command: [script, join(rig.directory, "error.log"), ...nginx] } };
    const served = await rig.app("served", {}, {}, net.createServer());
    stream = { ...served, labels: { ...served.labels, "sallyport.tcp": `${free}:${rig.portOf("served")}` } };
    await rig.start(
      { reload, check: undefined, routing: { containersMay: ["ports"] }, streams: { ports: [free, streamPort] } },
      [await rig.app("good", { VIRTUAL_HOST: "good.example" }), stream],
    );
  });
  after(async () => {
    otherProcess.close();
    streamProcess.close();
    await rig.close();
  });

  test("is quarantined alone while other hosts change and are served", async (context) => {
    const statuses = new Set<number>();
    const stop = new AbortController();
    const requests = (async () => {
      for (; !stop.signal.aborted; await sleep(5)) statuses.add((await rig.ask({ host: "good.example" })).status);
    })();
    context.after(() => stop.abort());
    const greedy = await rig.app("greedy", { VIRTUAL_HOST: "greedy.example", EXTERNAL_HTTP_PORT: String(port) });
    const next = await rig.app("next", { VIRTUAL_HOST: "next.example" });
    const second = await rig.app("second", { VIRTUAL_HOST: "good.example" });
    const label = { "sallyport.tcp": String(streamPort) };
    const busy = {
      ...stream,
      id: "b".repeat(64),
      name: "busy",
      labels: { ...composeLabels("test", "busy"), ...label },
    };
    rig.update([greedy, next, second, busy]);
    await eventually("the new host is served", async () => (await rig.echo({ host: "next.example" }))?.app === "next");
    await eventually(
      "the new replica receives requests",
      async () => (await rig.echo({ host: "good.example" }))?.app === "second",
    );
    stop.abort();
    await requests;
    assert.deepEqual([...statuses], [200]);
    const quarantined = await eventually("it is reported", () =>
      rig.logged.find(({ event, host }) => event === "container.quarantined" && host === "greedy.example"),
    );
    assert.match(String(quarantined["reason"]), new RegExp(`check whether port ${port} is already in use`));
    await eventually("the stream is quarantined, and no other", async () => {
      const names = (await rig.status()).quarantined.map(({ name }) => name).toSorted();
      assert.deepEqual(names, [`${streamPort}/tcp`, "greedy.example"].toSorted());
      return true;
    });
    await once(
      net.connect(free, "127.0.0.1").on("connect", () => undefined),
      "connect",
    );
  });

  test("is served when the port is free and it is retried", async () => {
    otherProcess.close();
    rig.refresh();
    await eventually("it is served", async () => (await rig.echo({ host: "greedy.example", port }))?.app === "greedy");
  });
});
