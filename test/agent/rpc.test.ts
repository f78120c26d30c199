import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { execFile, spawnSync } from "node:child_process";
import type { Socket } from "node:net";
import { dirname, join } from "node:path";
import { Duplex } from "node:stream";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { fc } from "../property.ts";
import { JSONRPCServer } from "json-rpc-2.0";
import type { AuditTrail } from "../../agent/audit.ts";
import { Connection } from "../../agent/connection.ts";
import { readRequest } from "../../agent/request.ts";
import { encodeFrame, MAX_RESPONSE_BYTES } from "../../shared/frame.ts";
import { PROTOCOL } from "../../shared/rpc.ts";
import { eventually } from "../eventually.ts";
import { AgentProcess } from "./agent-process.ts";
import { RpcClient } from "./rpc-client.ts";
import { requires } from "../requires.ts";

const execFileAsync = promisify(execFile);
const hello = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "hello",
  params: { protocol: { min: PROTOCOL, max: PROTOCOL } },
});

/** Sends an announced frame one byte at a time. */
function trickle(client: RpcClient): void {
  client.write(Buffer.from([0, 0, 0x0f, 0xff]));
  const timer = setInterval(() => client.write(" "), 100);
  client.socket.once("close", () => clearInterval(timer));
}

describe("the RPC socket", () => {
  let agent: AgentProcess;
  let good: RpcClient;
  before(async () => {
    agent = await AgentProcess.start();
    agent.engine.create({ name: "seed" });
    good = await agent.subscribe();
  });
  after(async () => {
    good.close();
    await agent.close();
  });

  /** Checks that the good client still receives changes. */
  async function goodClientIsServed(name: string): Promise<void> {
    await agent.engine.run({ name, expose: [5000] });
    await eventually(`${name} is disclosed`, () => good.named(name) !== undefined);
    await agent.engine.remove(name);
    await eventually(`${name} is removed`, () => good.named(name) === undefined);
    assert.equal(good.isClosed, false);
  }

  /** Runs the health check of the container. Rejects unless it succeeds. */
  async function health(): Promise<string> {
    const program = join(agent.directory, "agent.cjs");
    return (await execFileAsync(process.execPath, [program, "health", "--socket", agent.socket], { env: {} })).stdout;
  }

  const abuses: readonly [title: string, reason: string, attack: (client: RpcClient) => void][] = [
    ["a batch", "rpc.shape", (client) => client.sendText(`[${hello}]`)],
    ["a batch of null", "rpc.shape", (client) => client.sendText("[null]")],
    ["deep nesting", "rpc.shape", (client) => client.sendText(`${"[".repeat(2_000)}${"]".repeat(2_000)}`)],
    ["no JSON", "rpc.json", (client) => client.sendText("hello")],
    ["null", "rpc.shape", (client) => client.sendText("null")],
    ["a notification", "rpc.shape", (client) => client.sendText(hello.replace('"id":1,', ""))],
    ["an id that is not a number", "rpc.shape", (client) => client.sendText(hello.replace('"id":1', '"id":{"a":1}'))],
    ["another version of JSON-RPC", "rpc.shape", (client) => client.sendText(hello.replace('"2.0"', '"1.0"'))],
    ["an extra member", "rpc.shape", (client) => client.sendText(hello.replace('"id":1', '"id":1,"x":1'))],
    ["an unknown method", "rpc.method", (client) => client.sendText(hello.replace('"hello"', '"docker.inspect"'))],
    [
      "the name of an inherited property",
      "rpc.method",
      (client) => client.sendText(hello.replace('"hello"', '"constructor"')),
    ],
    [
      "a method with a line break",
      "rpc.method",
      (client) => client.sendText(hello.replace('"hello"', '"he\\nllo\\u001b[31m"')),
    ],
    ["a subscription before hello", "rpc.state", (client) => client.sendText(hello.replace('"hello"', '"subscribe"'))],
    ["invalid parameters", "rpc.params", (client) => client.sendText(hello.replace('"min":', '"path":"/etc","min":'))],
    ["a frame that is too large", "rpc.frame.size", (client) => client.write(encodeFrame("x".repeat(5_000), 1 << 20))],
    ["a length of 4 GiB", "rpc.frame.size", (client) => client.write(Buffer.from([0xff, 0xff, 0xff, 0xff]))],
    ["a frame that is not UTF-8", "rpc.frame.utf8", (client) => client.write(Buffer.from([0, 0, 0, 2, 0xc3, 0x28]))],
    ["an incomplete frame", "rpc.slow", (client) => client.write(Buffer.from([0, 0, 0, 9, 0x7b]))],
    ["a trickled frame", "rpc.slow", trickle],
    ["silence", "rpc.slow", () => undefined],
    [
      "two concurrent requests",
      "rpc.busy",
      (client) => client.write(Buffer.concat([encodeFrame(hello, 4_096), encodeFrame(hello, 4_096)])),
    ],
  ];
  /** Runs an attack and checks that it closes its connection only and is recorded. */
  async function isRefused(abuse: (typeof abuses)[number]): Promise<void> {
    const [, reason, attack] = abuse;
    const before = agent.records().filter((record) => record["reason"] === reason).length;
    const client = await eventually("the agent accepts a connection", async () => {
      const candidate = new RpcClient(agent.socket);
      await new Promise((resolve) => candidate.socket.once("connect", resolve));
      return candidate.isClosed ? undefined : candidate;
    });
    attack(client);
    await client.closed();
    await eventually(
      "the violation is recorded",
      () => agent.records().filter((record) => record["reason"] === reason).length > before,
    );
    await goodClientIsServed(`after-${abuses.indexOf(abuse)}`);
  }

  for (const abuse of abuses) {
    const [title, reason] = abuse;
    if (reason === "rpc.slow") continue;
    test(`${title} closes its connection only and is recorded as ${reason}`, async () => await isRefused(abuse));
  }

  // Each of these waits for the agent's deadline of two seconds.
  describe("slow peers", { concurrency: true }, () => {
    const seen = new Set<string>();
    for (const abuse of abuses) {
      const [title, reason, attack] = abuse;
      if (reason !== "rpc.slow") continue;
      test(`${title} closes its connection only and is recorded as ${reason}`, async () => {
        const client = new RpcClient(agent.socket);
        attack(client);
        await client.closed();
        await eventually("the violation is recorded", () => {
          const record = agent.records().find(({ reason: one, conn }) => one === reason && !seen.has(String(conn)));
          if (record) seen.add(String(record["conn"]));
          return record !== undefined;
        });
        await goodClientIsServed(`after-${abuses.indexOf(abuse)}`);
      });
    }
  });

  test("a second hello closes the connection", async () => {
    const client = new RpcClient(agent.socket);
    await client.call("hello", { protocol: { min: PROTOCOL, max: PROTOCOL } });
    client.sendText(hello);
    await client.closed();
    await agent.refused("rpc.state");
  });

  test("connections that do not subscribe keep out neither a health check nor a renderer, and are closed", async () => {
    const polite = Array.from({ length: 4 }, () => new RpcClient(agent.socket));
    for (const client of polite) await client.call("hello", { protocol: { min: PROTOCOL, max: PROTOCOL } });
    const timers = polite.map((client) =>
      setInterval(() => {
        if (!client.isClosed) client.sendText('{"jsonrpc":"2.0","id":9,"method":"health"}');
      }, 500),
    );
    assert.match(await health(), /"docker":"connected"/);
    const renderer = await agent.subscribe();
    for (const client of polite) await client.closed();
    for (const timer of timers) clearInterval(timer);
    await agent.refused("rpc.unsubscribed");
    assert.equal(renderer.isClosed, false);
    renderer.close();
    await goodClientIsServed("after-polite");
  });

  test("renderers that are subscribed keep out neither a health check nor a few others", async () => {
    const renderers = [];
    for (let number = 0; number < 5; number++) renderers.push(await agent.subscribe());
    assert.match(await health(), /"docker":"connected"/);
    assert.ok(renderers.every(({ isClosed }) => !isClosed));
    for (const renderer of renderers) renderer.close();
  });

  test("refuses and counts a flood of connections and keeps serving the good client", async () => {
    const flood = Array.from({ length: 300 }, () => new RpcClient(agent.socket));
    await eventually("nearly all are closed", () => flood.filter(({ isClosed }) => isClosed).length > 290);
    await agent.refused("rpc.connections");
    for (const client of flood) client.close();
    await goodClientIsServed("after-flood");
  });

  test("a flood of connections keeps out renderers only, not the agent's own health check", async () => {
    const flood = new Set<RpcClient>();
    const timer = setInterval(() => {
      for (let number = 0; number < 20; number++) {
        const client = new RpcClient(agent.socket);
        flood.add(client);
        client.socket.on("close", () => flood.delete(client));
      }
    }, 20);
    try {
      for (let check = 0; check < 5; check++) assert.match(await health(), /"docker":"connected"/);
    } finally {
      clearInterval(timer);
      for (const client of flood) client.close();
    }
    const [, ...numbers] = agent.records().flatMap(({ event, conn }) => (event === "rpc.connect" ? Number(conn) : []));
    assert.equal(new Set(numbers).size, numbers.length, "each connection has a number of its own");
  });

  test("error responses contain a code, a fixed text and the id of the audit record only", async () => {
    await eventually("an error response arrives", async () => {
      const client = new RpcClient(agent.socket);
      client.sendText(hello.replace('"hello"', '"no-such-method"'));
      await client.closed();
      const [message] = client.messages;
      if (!message || !("error" in message)) return false;
      assert.equal(message.error.message, "unknown method, or not permitted now");
      const correlation = message.error.data?.correlation;
      assert.ok(agent.records().some((record) => record["correlation"] === correlation));
      return true;
    });
  });

  test(
    "the socket is accessible to its group only, in a directory that other users cannot enter",
    { skip: requires("root") },
    () => {
      assert.equal(statSync(agent.socket).mode & 0o7777, 0o660);
      assert.equal(statSync(dirname(agent.socket)).mode & 0o7777, 0o2710);
      const connect = (uid: number, gid: number): string => {
        const script = `require("net").connect(process.argv[1]).on("connect", () => { console.log("in"); process.exit(); }).on("error", (e) => console.log(e.code))`;
        return spawnSync(process.execPath, ["-e", script, agent.socket], {
          uid,
          gid,
          encoding: "utf8",
          cwd: "/",
        }).stdout.trim();
      };
      assert.equal(connect(1_000, 1_000), "EACCES");
      assert.equal(connect(65_533, 65_532), "in");
      assert.equal(statSync(`${agent.socket}.health`).mode & 0o7777, 0o600);
    },
  );
});

test("closes a connection whose peer does not read before more than five frames are buffered", async () => {
  const records: string[] = [];
  const audit = { append: (...[event, , reason]: readonly string[]) => records.push(`${event} ${reason}`) };
  const socket = new Duplex({ read: () => undefined, write: () => undefined }) as Socket;
  const connection = new Connection(1, socket, new JSONRPCServer(), audit as unknown as AuditTrail);
  const message = { text: "x".repeat(MAX_RESPONSE_BYTES - 64) };
  let most = 0;
  for (let sent = 0; sent < 20; sent++) {
    connection.send(message);
    most = Math.max(most, socket.writableLength);
  }
  assert.ok(most <= 5 * (MAX_RESPONSE_BYTES + 4), `${most} bytes buffered`);
  assert.ok(socket.destroyed);
  await eventually("the close is recorded", () => records.length === 3);
  assert.deepEqual(records, ["rpc.connect ok", "rpc.violation rpc.stalled", "rpc.close rpc.stalled"]);
});

test("ignores and does not record further frames of a refused peer", async () => {
  const records: string[] = [];
  const audit = { append: (...[event, , reason]: readonly string[]) => records.push(`${event} ${reason}`) };
  // The peer does not read the error response, so the socket stays open.
  const socket = new Duplex({ read: () => undefined, write: () => undefined }) as Socket;
  void new Connection(1, socket, new JSONRPCServer(), audit as unknown as AuditTrail);
  for (let sent = 0; sent < 100; sent++) socket.push(encodeFrame("[]", 4_096));
  await eventually("all bytes are consumed", () => socket.readableLength === 0);
  assert.deepEqual(records, ["rpc.connect ok", "rpc.violation rpc.shape"]);
  await eventually("the connection is closed", () => socket.destroyed);
});

test("every mutated frame is refused or parsed as a permitted request", () => {
  const good = ["hello", "subscribe", "health"].map((method) => hello.replace('"hello"', `"${method}"`));
  const mutated = fc
    .tuple(
      fc.constantFrom(...good),
      fc.array(fc.tuple(fc.nat(120), fc.string({ unit: "binary", maxLength: 3 })), { maxLength: 4 }),
    )
    .map(([text, edits]) =>
      edits.reduce((done, [at, insert]) => done.slice(0, at) + insert + done.slice(at + 1), text),
    );
  fc.assert(
    fc.property(mutated, fc.constantFrom("new", "ready", "subscribed"), (text, state) => {
      const read = readRequest(text, state);
      if ("reason" in read) return;
      assert.ok(["hello", "subscribe", "health"].includes(read.request.method));
      assert.deepEqual(
        Object.keys(read.request.params ?? {}).filter((key) => key !== "protocol"),
        [],
      );
    }),
    { numRuns: 20_000 },
  );
});
