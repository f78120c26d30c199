import { readFileSync } from "node:fs";
import * as http from "node:http";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { nginxVersion, workersOf } from "../test/demo/local-nginx.ts";
import { NginxRig } from "../test/renderer/nginx/rig.ts";
import { table } from "./tables.ts";

const HOSTS = 50;
const MINUTES = Number(process.argv[2] ?? 5);

/** Milliseconds between two ends of the container that crashes. */
const CRASH_MS = 1_000;

/** One slow transfer: chunks, bytes of each, and milliseconds between two. */
const TRANSFER = { chunks: 60, bytes: 16_384, pauseMs: 250 };
const TRANSFERS = 5;
const WEB_SOCKETS = 10;

interface Counts {
  started: number;
  failed: number;
}

/**
 * Runs clients of hosts without changes while another container crashes and restarts once a second: requests to 50 hosts,
 * slow downloads and uploads, and WebSockets. Prints what failed, and the memory of nginx.
 */
async function main(): Promise<void> {
  const rig = new NginxRig();
  const counts = { requests: none(), downloads: none(), uploads: none(), "WebSocket messages": none() };
  const [workers, memory]: number[][] = [[], []];
  try {
    const apps = await Promise.all(
      Array.from(
        { length: HOSTS },
        async (_, at) => await rig.app(`app${at}`, { VIRTUAL_HOST: hostOf(at) }, {}, slowApp()),
      ),
    );
    const neighbour = await rig.app("neighbour", { VIRTUAL_HOST: "neighbour.example" });
    await rig.start({ reload: "channel", wait: "100ms:1s" }, [...apps, neighbour]);
    const end = performance.now() + MINUTES * 60_000;
    const isOver = (): boolean => performance.now() > end;
    const clients = [
      ...Array.from({ length: 4 }, async () => await repeat(isOver, counts.requests, async (at) => await get(rig, at))),
      ...Array.from(
        { length: TRANSFERS },
        async () => await repeat(isOver, counts.downloads, async (at) => await download(rig, at)),
      ),
      ...Array.from(
        { length: TRANSFERS },
        async () => await repeat(isOver, counts.uploads, async (at) => await upload(rig, at)),
      ),
      ...Array.from(
        { length: WEB_SOCKETS },
        async (_, at) => await talk(rig, at, isOver, counts["WebSocket messages"]),
      ),
    ];
    const configs = { directory: rig.directory, live: "", candidate: "" };
    while (!isOver()) {
      rig.update([{ ...neighbour, state: "restarting" }]);
      await sleep(CRASH_MS / 2);
      rig.update([neighbour]);
      await sleep(CRASH_MS / 2);
      const now = [...(await workersOf(configs))];
      workers?.push(now.length);
      memory?.push(now.reduce((sum, pid) => sum + privateBytesOf(pid), 0));
    }
    await Promise.all(clients);
  } finally {
    await rig.close();
  }
  const reloads = rig.logged.filter(({ event }) => event === "publish.succeeded").length;
  const rows = [
    ...Object.entries(counts).map(([name, { started, failed }]) => [name, `${started}, ${failed} failed`]),
    ["reloads", String(reloads)],
    ["nginx workers, maximum", String(Math.max(...(workers ?? [])))],
    ["private memory of all workers, maximum", `${(Math.max(...(memory ?? [])) / 2 ** 20).toFixed(0)} MiB`],
    [
      "the same in the last tenth of the time",
      `${(Math.max(...(memory ?? []).slice(-(memory ?? []).length / 10)) / 2 ** 20).toFixed(0)} MiB`,
    ],
  ];
  process.stdout.write(
    `${nginxVersion()}, ${MINUTES} minutes, ${HOSTS} hosts\n\n${table([["what", "measured"], ...rows])}\n`,
  );
  if (Object.values(counts).some(({ failed }) => failed > 0)) process.exitCode = 1;
}

const none = (): Counts => ({ started: 0, failed: 0 });
const hostOf = (at: number): string => `app${at % HOSTS}.example`;

/** An app that answers at once, sends and reads slowly, and echoes on a WebSocket's connection. */
function slowApp(): http.Server {
  const server = http.createServer((request, response) => {
    if (request.url === "/download") return void send(response);
    let bytes = 0;
    request.on("data", (part: Buffer) => (bytes += part.length));
    request.on("end", () => response.end(String(bytes)));
  });
  server.on("upgrade", (_request, socket: Duplex) => {
    socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
    socket.on("data", (part) => socket.write(part)).on("error", () => socket.destroy());
  });
  return server;
}

async function send(stream: NodeJS.WritableStream): Promise<void> {
  for (let chunk = 0; chunk < TRANSFER.chunks; chunk += 1) {
    stream.write(Buffer.alloc(TRANSFER.bytes));
    await sleep(TRANSFER.pauseMs);
  }
  stream.end();
}

async function repeat(isOver: () => boolean, counts: Counts, once: (at: number) => Promise<boolean>): Promise<void> {
  while (!isOver()) {
    counts.started += 1;
    if (!(await once(counts.started))) counts.failed += 1;
    await sleep(5);
  }
}

async function get(rig: NginxRig, at: number): Promise<boolean> {
  return (await rig.ask({ host: hostOf(at) })).status === 200;
}

async function download(rig: NginxRig, at: number): Promise<boolean> {
  const { status, body } = await rig.ask({ host: hostOf(at), path: "/download" });
  return status === 200 && body.length === TRANSFER.chunks * TRANSFER.bytes;
}

async function upload(rig: NginxRig, at: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const options = { port: rig.plainPort, method: "POST", headers: { host: hostOf(at) }, agent: false as const };
    const request = http.request(options, (response) => {
      let text = "";
      response.on("data", (part: Buffer) => (text += part.toString()));
      response.on("end", () => resolve(text === String(TRANSFER.chunks * TRANSFER.bytes)));
      response.on("error", () => resolve(false));
    });
    request.on("error", () => resolve(false));
    void send(request);
  });
}

/** Sends a message a second on one connection for the whole time. */
async function talk(rig: NginxRig, at: number, isOver: () => boolean, counts: Counts): Promise<void> {
  const socket = await new Promise<Duplex>((resolve, reject) => {
    const headers = { host: hostOf(at), connection: "upgrade", upgrade: "websocket" };
    http
      .get({ port: rig.plainPort, headers, agent: false })
      .on("upgrade", (_response, stream) => resolve(stream))
      .on("error", reject);
  });
  let answered = 0;
  socket.on("data", (part: Buffer) => (answered += part.length)).on("error", () => undefined);
  while (!isOver()) {
    counts.started += 1;
    const before = answered;
    socket.write("x");
    await sleep(1_000);
    if (answered === before) counts.failed += 1;
  }
  socket.destroy();
}

function privateBytesOf(pid: number): number {
  try {
    const text = readFileSync(join("/proc", String(pid), "smaps_rollup"), "utf8");
    return [...text.matchAll(/^Private_\w+: +(\d+) kB$/gm)].reduce(
      (sum, [, kilobytes]) => sum + Number(kilobytes) * 1_024,
      0,
    );
  } catch {
    return 0;
  }
}

void main();
