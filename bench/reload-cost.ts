import { readFileSync, writeFileSync } from "node:fs";
import * as http from "node:http";
import * as net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { nginxVersion, workersOf } from "../test/demo/local-nginx.ts";
import type { EngineProcess } from "./engine-process.ts";
import { machine } from "./machine.ts";
import { createNginxStage, shippedTarget } from "./nginx-stage.ts";
import { imageNode, versionOf } from "./node-binary.ts";
import { replaceSection } from "./page.ts";
import { answered, ask } from "./request.ts";
import { median } from "./statistics.ts";
import { sallyport } from "./subjects.ts";
import { table } from "./tables.ts";

const COUNT = 1_000;
const CHANGES_PER_SECOND = 100;
const MINUTE_MS = 60_000;

/** Seconds until nginx ends old workers; compose.yml has two minutes. */
const SHUTDOWN_S = 10;

/** Counters of a client of a host without changes. */
interface Client {
  requests: number;
  failed: number;
  /** Requests that were repeated because nginx closed the keep-alive connection. */
  repeated: number;
  connections: number;
}

/** Measures clients and nginx during one minute of 100 changes per second with 1,000 hosts. */
async function main(): Promise<void> {
  const node = imageNode();
  const stage = await createNginxStage(COUNT, `worker_shutdown_timeout ${SHUTDOWN_S}s;`);
  const { engine, own, file, port, nginx } = stage;
  const options = { directory: own, dockerSocket: engine.socketPath, file };
  const running = await sallyport(node, { target: shippedTarget(stage) }).start(options);
  try {
    await answered(port, `app${COUNT - 1}`);
    const { client, generations } = await minute(engine, port, async () => (await workersOf(nginx)).size);
    report(client, generations, machine(versionOf(node)));
  } finally {
    await running.stop();
    await stage.close();
  }
}

async function minute(
  engine: EngineProcess,
  port: number,
  workers: () => Promise<number>,
): Promise<{ client: Client; generations: number[] }> {
  const stop = new AbortController();
  const client: Client = { requests: 0, failed: 0, repeated: 0, connections: 0 };
  const requesting = sendRequests(port, client, stop.signal);
  const holding = holdConnections(port, stop.signal);
  const generations: number[] = [];
  const began = performance.now();
  for (let change = 0; performance.now() - began < MINUTE_MS; change++) {
    const name = `app${1 + (change % (COUNT - 1))}`;
    const kind = Math.floor(change / (COUNT - 1)) % 2 === 0 ? "stop" : "start";
    await engine.send({ kind, name });
    if (change % CHANGES_PER_SECOND === 0) generations.push(await workers());
    await sleep(Math.max(0, began + ((change + 1) * 1_000) / CHANGES_PER_SECOND - performance.now()));
  }
  stop.abort();
  await Promise.all([requesting, holding]);
  return { client, generations };
}

/** Sends one request after the other on a keep-alive connection to a host without changes. */
async function sendRequests(port: number, client: Client, signal: AbortSignal): Promise<void> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const sockets = new WeakSet<net.Socket>();
  const onSocket = (socket: net.Socket): void => {
    if (!sockets.has(socket)) client.connections += 1;
    sockets.add(socket);
  };
  while (!signal.aborted) {
    client.requests += 1;
    let reply = await ask(port, "app0.example", agent, onSocket);
    if (reply.kind === "closed") {
      client.repeated += 1;
      reply = await ask(port, "app0.example", agent, onSocket);
    }
    if (reply.kind !== "answered" || reply.app !== "app0") client.failed += 1;
    await sleep(5);
  }
  agent.destroy();
}

/** Always has requests in flight that take a minute, so that no old worker ends before its timeout. */
async function holdConnections(port: number, signal: AbortSignal): Promise<void> {
  const held = new Set<net.Socket>();
  while (!signal.aborted) {
    const socket = net.connect(port, "127.0.0.1", () =>
      socket.write("GET /slow?ms=60000 HTTP/1.1\r\nHost: app0.example\r\n\r\n"),
    );
    socket.on("error", () => socket.destroy());
    held.add(socket);
    await sleep(500);
  }
  for (const socket of held) socket.destroy();
}

function report(client: Client, generations: readonly number[], where: string): void {
  const rows = [
    ["requests of a client to a host without changes", String(client.requests)],
    ["failed", String(client.failed)],
    ["repeated, because nginx closed the keep-alive connection at a reload", String(client.repeated)],
    ["connections of the client", String(client.connections)],
    ["nginx workers, median", String(median(generations))],
    ["nginx workers, maximum", String(Math.max(...generations))],
  ];
  const text = `${where} ${nginxVersion()}, one worker, worker_shutdown_timeout ${SHUTDOWN_S}s.\n\n${table([["what", "measured"], ...rows])}`;
  process.stdout.write(`${text}\n`);
  if (process.argv.includes("--write")) {
    writeFileSync(
      "docs/explanation/benchmarks.md",
      replaceSection(readFileSync("docs/explanation/benchmarks.md", "utf8"), "reload", text),
    );
  }
}

void main();
