import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import * as http from "node:http";
import * as http2 from "node:http2";
import type { Duplex } from "node:stream";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { parseDocument } from "yaml";
import { docker } from "../docker.ts";
import { request, Stack } from "../e2e/stack.ts";
import { eventually } from "../eventually.ts";
import { removeDirectory } from "../remove-directory.ts";
import { requires } from "../requires.ts";

const PROJECT = "spusers-clients";
const CHUNK = 16_384;
const CHUNKS = 12;

describe("clients and apps of the shipped compose.yml", { skip: requires("docker", "curl") }, () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-clients-"));
  const vhosts = join(directory, "vhost.d");
  let stack: Stack;

  before(async () => {
    chmodSync(directory, 0o755);
    mkdirSync(vhosts);
    writeFileSync(join(vhosts, "web.example_location"), "proxy_set_header X-Operator first;\n");
    const config = parseDocument(readFileSync("renderer/renderer.yml", "utf8"));
    config.setIn(["targets", 0, "nginx"], { files: { vhosts: "/etc/nginx/vhost.d" } });
    writeFileSync(join(directory, "renderer.yml"), String(config));
    const mount = `${vhosts}:/etc/nginx/vhost.d:ro`;
    const renderer = [mount, `${join(directory, "renderer.yml")}:/etc/sallyport/renderer.yml:ro`];
    const override = { services: { nginx: { volumes: [mount] }, renderer: { volumes: renderer } } };
    writeFileSync(join(directory, "compose.yml"), JSON.stringify(override));
    stack = await Stack.up(PROJECT, { files: [join(directory, "compose.yml")] });
    for (const name of ["web", "neighbour", "left", "right"]) await run(name, `VIRTUAL_HOST=${name}.example`);
    await run("rpc", "VIRTUAL_HOST=rpc.example", "VIRTUAL_PROTO=grpc");
    await eventually("the last app is routed", async () => (await call("rpc.example")) === "grpc /service/method");
    for (const name of ["web", "neighbour", "left", "right"])
      await eventually(`${name} is routed`, async () => (await appOf(name)) === name);
  });
  after(async () => {
    await stack.down();
    await removeDirectory(directory);
  });

  async function run(name: string, ...variables: readonly string[]): Promise<void> {
    const program = `${resolve("test/users/stack-app.ts")}:/app/main.ts:ro`;
    const env = variables.flatMap((one) => ["-e", one]);
    await stack.runApp(name, [...env, "--expose", name === "rpc" ? "5001" : "5000", "-v", program]);
  }

  /** Name of the app that answers, or undefined with another status than 200. */
  async function appOf(name: string): Promise<string | undefined> {
    const { status, body } = await stack.get(`${name}.example`);
    return status === 200 ? (JSON.parse(body) as { app: string }).app : undefined;
  }

  async function echo(path: string, headers: http.OutgoingHttpHeaders = {}) {
    const options = { port: stack.port, path, agent: false, maxHeaderSize: 65_536 };
    const sent = http.get({ ...options, headers: { host: "web.example", ...headers } });
    const [response] = (await once(sent, "response")) as [http.IncomingMessage];
    const body = Buffer.concat(await response.toArray()).toString();
    assert.equal(response.statusCode, 200, body);
    return { own: response.headers, ...(JSON.parse(body) as { bytes: number; headers: http.IncomingHttpHeaders }) };
  }

  /** Calls a method of a gRPC app on the port for HTTP, and returns its response if its trailers report success. */
  async function call(host: string): Promise<string | undefined> {
    const session = http2.connect(`http://127.0.0.1:${stack.port}`).on("error", () => undefined);
    const headers = { ":authority": host, ":method": "POST", ":path": "/service/method", te: "trailers" };
    const stream = session.request({ ...headers, "content-type": "application/grpc" });
    let grpcStatus: unknown;
    stream.on("trailers", (trailers: http2.IncomingHttpHeaders) => (grpcStatus = trailers["grpc-status"]));
    stream.end("message");
    try {
      const body = Buffer.concat(await stream.toArray()).toString();
      return grpcStatus === "0" ? body : undefined;
    } catch {
      return undefined;
    } finally {
      session.close();
    }
  }

  async function upgrade(): Promise<Duplex> {
    const headers = { host: "web.example", connection: "upgrade", upgrade: "websocket" };
    const [, socket] = (await once(
      http.get({ port: stack.port, headers, agent: false, path: "/socket" }),
      "upgrade",
    )) as [unknown, Duplex];
    return socket.on("error", () => undefined);
  }

  async function upload(): Promise<unknown> {
    const headers = { host: "web.example" };
    const sent = http.request({ port: stack.port, method: "POST", headers, agent: false });
    const answered = once(sent, "response") as Promise<[http.IncomingMessage]>;
    for (let chunk = 0; chunk < CHUNKS; chunk += 1) {
      sent.write(Buffer.alloc(CHUNK));
      await sleep(250);
    }
    sent.end();
    const [response] = await answered;
    return (JSON.parse(Buffer.concat(await response.toArray()).toString()) as { bytes: number }).bytes;
  }

  async function download(): Promise<number> {
    const options = { port: stack.port, headers: { host: "web.example" }, agent: false as const };
    const [response] = (await once(http.get({ ...options, path: `/download?chunks=${CHUNKS}` }), "response")) as [
      http.IncomingMessage,
    ];
    return Buffer.concat(await response.toArray()).length;
  }

  for (const [option, version] of [
    ["--http1.1", "HTTP/1.1"],
    ["--http2-prior-knowledge", "HTTP/2"],
  ] as const)
    test(`curl ${option} gets a response by ${version} on the port for HTTP`, async () => {
      const args = ["-sS", "-i", "--max-time", "20", "--noproxy", "*", option, "-H", "Host: web.example"];
      const { stdout } = await promisify(execFile)("curl", [...args, `http://127.0.0.1:${stack.port}/`]);
      assert.match(stdout, new RegExp(`^${version} 200[^]*"app":"web"`));
    });

  test("a gRPC client without TLS gets the app's response and trailers", async () => {
    assert.equal(await call("rpc.example"), "grpc /service/method");
  });

  test("a slow upload, a slow download and a WebSocket continue while other apps stop and start", async () => {
    const socket = await upgrade();
    const transfers = Promise.all([upload(), download()]);
    await docker("stop", "--time", "1", `${PROJECT}-neighbour`);
    await stack.answered("neighbour.example", 503);
    await docker("start", `${PROJECT}-neighbour`);
    await eventually("the neighbour is routed again", async () => (await appOf("neighbour")) === "neighbour");
    socket.write("message");
    const [message] = (await once(socket, "data")) as [Buffer];
    socket.destroy();
    assert.equal(message.toString(), "message");
    assert.deepEqual(await transfers, [CHUNKS * CHUNK, CHUNKS * CHUNK]);
  });

  test("headers of 30 KiB reach the app and the client", async () => {
    const { own, headers } = await echo("/header?bytes=30000", { cookie: "c".repeat(30_000) });
    assert.deepEqual([headers.cookie?.length, String(own["x-long"]).length], [30_000, 30_000]);
  });

  test("an operator's file in a mounted directory applies, and again after it is edited", async () => {
    assert.equal((await echo("/")).headers["x-operator"], "first");
    writeFileSync(join(vhosts, "web.example_location"), "proxy_set_header X-Operator second;\n");
    await eventually("the edited file applies", async () => (await echo("/")).headers["x-operator"] === "second");
  });

  test("an app is routed again after `docker restart`", async () => {
    await docker("restart", "--time", "1", `${PROJECT}-web`);
    await eventually("the app answers", async () => (await appOf("web")) === "web");
  });

  test("two apps that exchange their addresses never receive requests for each other", async () => {
    const at = await stack.address();
    const wrong: string[] = [];
    const last = new Map<string, number>();
    const end = new AbortController();
    const clients = ["left", "right"].map(async (name) => {
      while (!end.signal.aborted) {
        const { status, body } = await request(at, `${name}.example`, "/").catch(() => ({ status: 0, body: "" }));
        last.set(name, status);
        const app = /"app":"(\w+)"/.exec(body)?.[1];
        if (app !== undefined && app !== name) wrong.push(`${app} for ${name}`);
        await sleep(5);
      }
    });
    const containers = ["left", "right"].map((name) => `${PROJECT}-${name}`);
    const before = await addresses(containers);
    await docker("stop", "--time", "1", ...containers);
    // A client sends one request at a time, so that none waits for a connection to an address that has ended.
    await eventually("both clients get 503", () => last.get("left") === 503 && last.get("right") === 503);
    // The Engine assigns the lowest address that is free.
    await docker("start", ...(before[0]! < before[1]! ? containers.toReversed() : containers));
    for (const name of ["left", "right"])
      await eventually(`${name} is routed again`, async () => (await appOf(name)) === name);
    end.abort();
    await Promise.all(clients);
    assert.deepEqual(await addresses(containers), before.toReversed());
    assert.deepEqual(wrong, []);
  });

  async function addresses(containers: readonly string[]): Promise<string[]> {
    const format = `{{(index .NetworkSettings.Networks "${PROJECT}_default").IPAddress}}`;
    return (await docker("inspect", "-f", format, ...containers)).split("\n");
  }
});
