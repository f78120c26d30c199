import assert from "node:assert/strict";
import { once } from "node:events";
import * as net from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { freePort } from "../../demo/free-port.ts";
import { eventually } from "../../eventually.ts";
import { NginxRig } from "./rig.ts";
import { requires } from "../../requires.ts";

const skip = requires("nginx");

/** Milliseconds in which nginx's refusals are seen: each takes ten seconds, for nginx may be slow. */
const REFUSED_MS = 60_000;

/** nginx's check does not see it, so the first to know is nginx, which keeps all that it had. */
describe("a container that requests a port in use by another process", { skip }, () => {
  const rig = new NginxRig();
  const somebody = net.createServer();
  let taken: number;

  before(async () => {
    taken = await freePort(23_990);
    somebody.listen(taken, "0.0.0.0");
    await once(somebody, "listening");
    const reload = { signal: { pidFile: join(rig.directory, "nginx.pid") } };
    await rig.start({ reload, routing: { containersMay: ["ports"] } }, [
      await rig.app("good", { VIRTUAL_HOST: "good.example" }),
    ]);
  });
  after(async () => {
    somebody.close();
    await rig.close();
  });

  test("is quarantined alone while other hosts change and are served", async (context) => {
    const statuses = new Set<number>();
    const over = new AbortController();
    const asking = (async () => {
      while (!over.signal.aborted) statuses.add((await rig.ask({ host: "good.example" })).status);
    })();
    context.after(() => over.abort());
    const greedy = await rig.app("greedy", { VIRTUAL_HOST: "greedy.example", EXTERNAL_HTTP_PORT: String(taken) });
    const next = await rig.app("next", { VIRTUAL_HOST: "next.example" });
    const second = await rig.app("second", { VIRTUAL_HOST: "good.example" });
    rig.update([greedy, next, second]);
    await eventually(
      "the other host is served",
      async () => (await rig.echo({ host: "next.example" }))?.app === "next",
      REFUSED_MS,
    );
    await eventually(
      "the other replica receives requests",
      async () => (await rig.echo({ host: "good.example" }))?.app === "second",
    );
    over.abort();
    await asking;
    assert.deepEqual([...statuses], [200]);
    const told = await eventually(
      "it is reported",
      () => rig.logged.find(({ event, host }) => event === "container.quarantined" && host === "greedy.example"),
      REFUSED_MS,
    );
    assert.match(String(told["reason"]), new RegExp(`check whether port ${taken} is already in use`));
  });

  test("is served when the port is free and it is retried", async () => {
    somebody.close();
    rig.refresh();
    await eventually(
      "it is served",
      async () => (await rig.echo({ host: "greedy.example", port: taken }))?.app === "greedy",
      REFUSED_MS,
    );
  });
});
