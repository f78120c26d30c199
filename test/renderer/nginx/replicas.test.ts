import assert from "node:assert/strict";
import * as dgram from "node:dgram";
import * as http from "node:http";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as net from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { eventually } from "../../eventually.ts";
import { NginxRig } from "./rig.ts";
import { requires } from "../../requires.ts";

const skip = requires("nginx");

const BALANCES = ["round-robin", "least-conn", "ip-hash", "hash-address", "hash-uri", "random"];

/** The test's DNS server: any loopback address. */
const DNS_ADDRESS = "127.53.53.53";

describe("options of replicas, with a real nginx", { skip }, () => {
  const rig = new NginxRig();
  const [failing, forgiven, hopeless, dying] = [failingApp(), failingApp(), failingApp(), failingApp()];
  const held = heldApp();
  const vhosts = join(rig.directory, "vhosts");
  const dns = dgram.createSocket("udp4");

  before(async () => {
    mkdirSync(vhosts);
    await new Promise<void>((resolve, reject) => dns.once("error", reject).bind(53, DNS_ADDRESS, resolve));
    dns.on("message", (question, { port, address }) => dns.send(answerTo(question), port, address));
    const labels = (options: Record<string, string>) => ({
      labels: Object.fromEntries(Object.entries(options).map(([name, value]) => [`sallyport.${name}`, value])),
    });
    const resolved = await rig.app("resolved", {});
    const override = `location /by-name { set $name app.test; proxy_pass http://$name:${rig.portOf("resolved")}; }`;
    writeFileSync(join(vhosts, "by-name.example"), `${override}\n`);
    // A task that the swarm no longer wants, and the one that replaces it and does not accept connections yet.
    const tasks = async () => {
      const all = BALANCES.map(async (balance) => {
        const of = (stopping: boolean) => ({
          ...labels({ balance, host: `${balance}.example` }),
          stopping,
          task: { service: balance, state: "running" as const },
        });
        const starting = await rig.app(`${balance}-new`, {}, of(false), failingApp().server);
        return [starting, await rig.app(`${balance}-old`, {}, of(true))];
      });
      return (await Promise.all(all)).flat();
    };
    // An update of all tasks at once.
    const together = async () => {
      const of = (stopping: boolean) => ({
        ...labels({ host: "together.example" }),
        stopping,
        task: { service: "together", state: "running" as const },
      });
      const starting = [1, 2, 3].map(
        async (number) => await rig.app(`together-new-${number}`, {}, of(false), failingApp().server),
      );
      return [...(await Promise.all(starting)), await rig.app("together-old", {}, of(true))];
    };
    // Tasks that fail once each, and are then disabled for an hour.
    const unlucky = async () => {
      const options = labels({ host: "unlucky.example", "max-fails": "1", "fail-timeout": "1h" });
      const of = { ...options, task: { service: "unlucky", state: "running" as const } };
      const server = () =>
        http
          .createServer((_request, response) => response.end())
          .once("connection", (socket: net.Socket) => socket.destroy());
      return [await rig.app("unlucky-1", {}, of, server()), await rig.app("unlucky-2", {}, of, server())];
    };
    await rig.start(
      {
        onlyExposed: false,
        nginx: { pathDefaults: { bodySize: "2k" }, resolvers: [DNS_ADDRESS], files: { vhosts } },
      },
      [
        resolved,
        await rig.app("heavy", { VIRTUAL_HOST: "weights.example" }, labels({ weight: "3" })),
        await rig.app("light", { VIRTUAL_HOST: "weights.example" }),
        await rig.app(
          "dying",
          { VIRTUAL_HOST: "spare.example" },
          labels({ "max-fails": "1", "fail-timeout": "1h" }),
          dying.server,
        ),
        await rig.app("spare", { VIRTUAL_HOST: "spare.example" }, labels({ backup: "true" })),
        await rig.app(
          "failing",
          { VIRTUAL_HOST: "fails.example" },
          labels({ "max-fails": "2", "fail-timeout": "1h" }),
          failing.server,
        ),
        await rig.app("good", { VIRTUAL_HOST: "fails.example" }),
        await rig.app(
          "forgiven",
          { VIRTUAL_HOST: "forgiven.example" },
          labels({ "fail-timeout": "1s" }),
          forgiven.server,
        ),
        await rig.app("good-too", { VIRTUAL_HOST: "forgiven.example" }),
        await rig.app("hopeless", { VIRTUAL_HOST: "never.example" }, labels({ "max-fails": "0" }), hopeless.server),
        await rig.app("good-again", { VIRTUAL_HOST: "never.example" }),
        await rig.app(
          "hopeless-too",
          { VIRTUAL_HOST: "once.example" },
          labels({ "max-fails": "0" }),
          failingApp().server,
        ),
        await rig.app("good-once", { VIRTUAL_HOST: "once.example" }, labels({ "retry-tries": "1" })),
        await rig.app("capped", { VIRTUAL_HOST: "capped.example" }, labels({ "max-connections": "1" }), held.server),
        await rig.app("silent", { VIRTUAL_HOST: "silent.example" }, labels({ timeout: "1s" }), silentApp()),
        await rig.app("default-size", { VIRTUAL_HOST: "default-size.example" }),
        await rig.app("own-size", { VIRTUAL_HOST: "own-size.example" }, labels({ "body-size": "4k" })),
        await rig.app("by-name", { VIRTUAL_HOST: "by-name.example" }),
        ...(await tasks()),
        ...(await unlucky()),
        ...(await together()),
      ],
    );
  });
  after(async () => {
    dns.close();
    await rig.close();
  });

  const answers = async (host: string, count: number): Promise<Record<string, number>> => {
    const by: Record<string, number> = {};
    for (let i = 0; i < count; i += 1) {
      const app = (await rig.echo({ host }))?.app ?? "none";
      by[app] = (by[app] ?? 0) + 1;
    }
    return by;
  };

  test("a replica with weight 3 receives three times as many requests", async () => {
    assert.deepEqual(await answers("weights.example", 12), { heavy: 9, light: 3 });
  });

  test("a backup receives requests when the main replica fails", async () => {
    assert.deepEqual(await answers("spare.example", 4), { spare: 4 });
    assert.equal(dying.requests(), 1);
  });

  for (const balance of BALANCES)
    test(`a Swarm task that leaves serves the requests that its successor cannot serve yet (${balance})`, async () => {
      assert.deepEqual(await answers(`${balance}.example`, 4), { [`${balance}-old`]: 4 });
    });

  test("a Swarm task that leaves serves while three successors cannot serve yet", async () => {
    assert.deepEqual(await answers("together.example", 4), { "together-old": 4 });
  });

  test("requests do not wait long for one of several Swarm tasks, which may be silent", () => {
    const text = readFileSync(join(rig.directory, "conf.d", "default.conf"), "utf8");
    const waits = (host: string) =>
      new RegExp(`proxy_connect_timeout 1200ms;[^}]*proxy_pass http://${host};`).test(text);
    assert.deepEqual(["unlucky.example", "ip-hash.example", "weights.example"].map(waits), [true, true, false]);
  });

  test("requests are sent to Swarm tasks of which each has failed", async () => {
    for (let request = 0; request < 4; request++)
      assert.equal((await rig.ask({ host: "unlucky.example" })).status, 200);
  });

  test("a replica receives no requests after `max-fails` failures", async () => {
    assert.deepEqual(await answers("fails.example", 12), { good: 12 });
    assert.equal(failing.requests(), 2);
  });

  test("a failed replica receives requests again after `fail-timeout`", async () => {
    await answers("forgiven.example", 2);
    const requests = forgiven.requests();
    assert.ok(requests >= 1);
    await eventually("it receives requests again", async () => {
      await answers("forgiven.example", 2);
      return forgiven.requests() > requests;
    });
  });

  test("`max-fails` 0 never disables a replica, and clients see no failure", async () => {
    assert.deepEqual(await answers("never.example", 8), { "good-again": 8 });
    assert.ok(hopeless.requests() >= 4, `${hopeless.requests()}`);
  });

  test("`retry-tries` 1 sends a request to no second replica", async () => {
    assert.deepEqual(await answers("once.example", 8), { none: 4, "good-once": 4 });
  });

  test("`max-connections` limits the concurrent requests of a replica", async () => {
    const first = rig.ask({ host: "capped.example" });
    await eventually("the app has the first request", () => held.waiting() === 1);
    assert.equal((await rig.ask({ host: "capped.example" })).status, 502);
    held.release();
    assert.equal((await first).status, 200);
  });

  test("a request times out after the container's `timeout`", async () => {
    assert.equal((await rig.ask({ host: "silent.example" })).status, 504);
  });

  test("a container's `body-size` replaces the operator's default", async () => {
    const sent = async (host: string, bytes: number): Promise<number> =>
      (await rig.ask({ host, method: "POST", body: "x".repeat(bytes) })).status;
    assert.deepEqual(
      [await sent("default-size.example", 2_048), await sent("default-size.example", 2_049)],
      [200, 413],
    );
    assert.deepEqual([await sent("own-size.example", 4_096), await sent("own-size.example", 4_097)], [200, 413]);
  });

  test("nginx resolves names in the operator's files with the operator's resolvers", async () => {
    assert.equal((await rig.echo({ host: "by-name.example", path: "/by-name" }))?.app, "resolved");
  });
});

/** Creates an app that closes every connection, and counts the requests. */
function failingApp(): { readonly server: net.Server; readonly requests: () => number } {
  let requests = 0;
  const server = net.createServer((socket) => {
    requests += 1;
    socket.on("error", () => undefined).once("data", () => socket.destroy());
  });
  return { server, requests: () => requests };
}

/** An app that answers when it is released. */
function heldApp(): { readonly server: net.Server; readonly waiting: () => number; readonly release: () => void } {
  const waiting: http.ServerResponse[] = [];
  const server = http.createServer((_request, response) => void waiting.push(response));
  return {
    server,
    waiting: () => waiting.length,
    release: () => {
      for (const response of waiting) response.end();
    },
  };
}

function silentApp(): net.Server {
  return http.createServer(() => undefined);
}

/** Returns 127.0.0.1 for every A query and nothing for others. */
function answerTo(question: Buffer): Buffer {
  const isAddress = question.readUInt16BE(question.length - 4) === 1;
  const head = Buffer.from(question.subarray(0, 12));
  head.writeUInt16BE(0x8180, 2);
  head.writeUInt16BE(isAddress ? 1 : 0, 6);
  const record = Buffer.from("c00c000100010000003c00047f000001", "hex");
  return Buffer.concat([head, question.subarray(12), ...(isAddress ? [record] : [])]);
}
