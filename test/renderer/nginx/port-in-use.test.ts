import assert from "node:assert/strict";
import { once } from "node:events";
import * as net from "node:net";
import { join, resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../demo/free-port.ts";
import { nginxCommand } from "../../demo/local-nginx.ts";
import { eventually } from "../../eventually.ts";
import { requires } from "../../requires.ts";
import { NginxRig } from "./rig.ts";

// `nginx -t` cannot detect it: nginx fails to reload and keeps its old configuration.
describe("a container that requests a port in use by another process", { skip: requires("nginx") }, () => {
  const rig = new NginxRig();
  const otherProcess = net.createServer();
  let port: number;

  before(async () => {
    port = await freePort();
    otherProcess.listen(port, "0.0.0.0");
    await once(otherProcess, "listening");
    const nginx = [...nginxCommand(rig.directory, join(rig.directory, "nginx.conf")), "-s", "reload"];
    const script = resolve("test/renderer/nginx/reload-and-confirm.sh");
    const reload = { exec: { command: [script, join(rig.directory, "error.log"), ...nginx] } };
    await rig.start({ reload, routing: { containersMay: ["ports"] } }, [
      await rig.app("good", { VIRTUAL_HOST: "good.example" }),
    ]);
  });
  after(async () => {
    otherProcess.close();
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
    rig.update([greedy, next, second]);
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
  });

  test("is served when the port is free and it is retried", async () => {
    otherProcess.close();
    rig.refresh();
    await eventually("it is served", async () => (await rig.echo({ host: "greedy.example", port }))?.app === "greedy");
  });
});
