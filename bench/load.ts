import * as http from "node:http";
import { resolve } from "node:path";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { docker } from "../test/docker.ts";
import { Stack } from "../test/e2e/stack.ts";
import { eventually } from "../test/eventually.ts";
import { table } from "./tables.ts";

const PROJECT = "sallyport-load";
const HOSTS = 50;
const APPS = 10;
const MINUTES = Number(process.argv[2] ?? 5);

/** Milliseconds between two starts of the container that crashes. */
const CRASH_MS = 1_000;

/** Milliseconds between two measurements of memory. */
const MEASURE_MS = 5_000;

/** One slow transfer: chunks, bytes of each, and milliseconds between two, as in test/users/stack-app.ts. */
const TRANSFER = { chunks: 60, bytes: 16_384, pauseMs: 250 };
const TRANSFERS = 5;
const WEB_SOCKETS = 10;

/** How long the routes of all hosts may take before the clients start. */
const START_MS = 120_000;

interface Counts {
  started: number;
  failed: number;
}

/** nginx's address. */
interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * Runs clients of hosts without changes next to a container that crashes once a second, with the shipped compose.yml and
 * containers of a real Engine: requests to 50 hosts, slow downloads and uploads, and WebSockets. Prints what failed, and
 * the memory of each container of the stack.
 */
async function main(): Promise<void> {
  const counts = { requests: none(), downloads: none(), uploads: none(), "WebSocket messages": none() };
  const memory = new Map<string, number[]>();
  let crashes = 0;
  const stack = await Stack.up(PROJECT, { demo: false });
  try {
    await stack.compose("--profile", "demo", "build");
    const program = ["--expose", "5000", "-v", `${resolve("test/users/stack-app.ts")}:/app/main.ts:ro`];
    for (let app = 0; app < APPS; app += 1) {
      const hosts = Array.from({ length: HOSTS / APPS }, (_, at) => hostOf(app + at * APPS));
      await stack.runApp(`app${app}`, ["-e", `VIRTUAL_HOST=${hosts.join(",")}`, ...program]);
    }
    const crashing = ["-e", "VIRTUAL_HOST=neighbour.example", "-e", "LIFETIME_MS=400"];
    await stack.runApp("neighbour", [...crashing, ...program]);
    const at = await stack.address();
    for (let host = 0; host < HOSTS; host += 1)
      await eventually(`${hostOf(host)} is served`, async () => await get(at, host).catch(() => false), START_MS);
    const end = performance.now() + MINUTES * 60_000;
    const isOver = (): boolean => performance.now() > end;
    const several = (count: number, run: (at: number) => Promise<void>): Promise<void>[] =>
      Array.from({ length: count }, async (_, number) => await run(number));
    const clients = [
      ...several(4, async () => await repeat(isOver, counts.requests, async (host) => await get(at, host))),
      ...several(
        TRANSFERS,
        async () => await repeat(isOver, counts.downloads, async (host) => await download(at, host)),
      ),
      ...several(TRANSFERS, async () => await repeat(isOver, counts.uploads, async (host) => await upload(at, host))),
      ...several(WEB_SOCKETS, async (host) => await talk(at, host, isOver, counts["WebSocket messages"])),
    ];
    const measuring = measure(stack, memory, isOver);
    while (!isOver()) {
      await sleep(CRASH_MS);
      await docker("start", `${PROJECT}-neighbour`);
      crashes += 1;
    }
    await Promise.all([...clients, measuring]);
    await report(stack, counts, crashes, memory);
  } finally {
    await stack.down();
  }
  if (Object.values(counts).some(({ failed }) => failed > 0)) process.exitCode = 1;
}

/** Adds the memory of each container of the stack in MiB. */
async function measure(stack: Stack, memory: Map<string, number[]>, isOver: () => boolean): Promise<void> {
  const services = ["nginx", "renderer", "agent"];
  while (!isOver()) {
    const names = services.map((service) => stack.container(service));
    const lines = await docker("stats", "--no-stream", "--format", "{{.MemUsage}}", ...names);
    for (const [index, line] of lines.split("\n").entries()) {
      const [, value = "0", unit = ""] = /^([0-9.]+)([KMG]?)i?B/.exec(line) ?? [];
      const mebibytes = Number(value) * ({ K: 1 / 1_024, M: 1, G: 1_024 }[unit] ?? 0);
      memory.set(services[index]!, [...(memory.get(services[index]!) ?? []), mebibytes]);
    }
    await sleep(MEASURE_MS);
  }
}

async function report(
  stack: Stack,
  counts: Readonly<Record<string, Counts>>,
  crashes: number,
  memory: ReadonlyMap<string, readonly number[]>,
): Promise<void> {
  const reloads = (await stack.logs("renderer")).split('"publish.succeeded"').length - 1;
  const rows = [
    ...Object.entries(counts).map(([name, { started, failed }]) => [name, `${started}, ${failed} failed`]),
    ["starts of the container that crashes", String(crashes)],
    ["reloads", String(reloads)],
    ...[...memory].map(([name, values]) => {
      const last = values.slice(-Math.max(1, Math.floor(values.length / 10)));
      return [
        `memory of ${name}, maximum and last tenth of the time`,
        `${Math.max(...values).toFixed(0)} and ${Math.max(...last).toFixed(0)} MiB`,
      ];
    }),
  ];
  const engine = await docker("version", "--format", "{{.Server.Version}}");
  process.stdout.write(
    `Docker Engine ${engine}, ${MINUTES} minutes, ${HOSTS} hosts of ${APPS} containers\n\n${table([["what", "measured"], ...rows])}\n`,
  );
}

const none = (): Counts => ({ started: 0, failed: 0 });
const hostOf = (at: number): string => `app${at % HOSTS}.example`;

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

async function get(at: Address, host: number): Promise<boolean> {
  return (await ask(at, host, "GET", "/")).includes(`"app":"app${(host % HOSTS) % APPS}"`);
}

async function download(at: Address, host: number): Promise<boolean> {
  const body = await ask(at, host, "GET", `/download?chunks=${TRANSFER.chunks}`);
  return body.length === TRANSFER.chunks * TRANSFER.bytes;
}

async function upload(at: Address, host: number): Promise<boolean> {
  return (await ask(at, host, "POST", "/")).includes(`"bytes":${TRANSFER.chunks * TRANSFER.bytes},`);
}

/** Sends a request, slowly if it has a body. Returns the body of a complete response with status 200, or "". */
async function ask(at: Address, host: number, method: string, path: string): Promise<string> {
  return await new Promise((resolve) => {
    const request = http.request({ ...at, method, path, headers: { host: hostOf(host) }, agent: false });
    request.on("response", (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part)).on("error", () => resolve(""));
      response.on("end", () => resolve(response.statusCode === 200 ? Buffer.concat(parts).toString("latin1") : ""));
    });
    request.on("error", () => resolve(""));
    if (method === "POST") void send(request);
    else request.end();
  });
}

/** Sends a message a second on one connection for the whole time. */
async function talk(at: Address, host: number, isOver: () => boolean, counts: Counts): Promise<void> {
  const socket = await new Promise<Duplex>((resolve, reject) => {
    const headers = { host: hostOf(host), connection: "upgrade", upgrade: "websocket" };
    http
      .get({ ...at, headers, agent: false })
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

void main();
