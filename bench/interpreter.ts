import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, copyFileSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { bundle } from "../.ci/bundle.ts";
import { RpcClient } from "../test/agent/rpc-client.ts";
import { eventually } from "../test/eventually.ts";
import type { EngineProcess } from "./engine-process.ts";
import { imageFlags } from "./image-flags.ts";
import { machine } from "./machine.ts";
import { imageNode, versionOf } from "./node-binary.ts";
import { cpuMs, residentMiB } from "./proc.ts";
import { setStage } from "./stage.ts";
import { median } from "./statistics.ts";
import { table } from "./tables.ts";

/** Containers; another number may be given: `npm run bench:jitless 10000`. */
const COUNT = Number(process.argv[2] ?? 1_000);
const STARTS_AND_STOPS = 500;
const ROUNDS = 3;
const PAUSE_MS = 20;

/** Milliseconds for the garbage of the start to be gone. */
const REST_MS = 5_000;

/** The user that the agent becomes. */
const AGENT_ID = 65_532;

/** What it costs the agent that its image gives Node no compiler (`--jitless`): the same agent, with and without. */
async function main(): Promise<void> {
  const node = imageNode();
  await bundle("agent", { write: true });
  const withIt: Cost[] = [];
  const without: Cost[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    withIt.push(await measure(node, (flags) => flags));
    without.push(await measure(node, (flags) => flags.filter((flag) => flag !== "--jitless")));
  }
  const head = ["agent", ...Object.keys(withIt[0] ?? {})];
  const rows = [row("as in the image", withIt), row("without --jitless", without)];
  process.stdout.write(`${machine(versionOf(node))}\n\n${table([head, ...rows])}\n`);
}

/** Each a column of the table: milliseconds, and MiB. */
type Cost = Readonly<Record<string, number>>;

function row(name: string, costs: readonly Cost[]): string[] {
  const columns = Object.keys(costs[0] ?? {});
  return [name, ...columns.map((column) => median(costs.map((cost) => cost[column] ?? Number.NaN)).toFixed(1))];
}

/** One life of an agent, whose flags for Node are changed, before so many containers. */
async function measure(node: string, change: (flags: string[]) => string[]): Promise<Cost> {
  const stage = await setStage(COUNT);
  const { engine, own } = stage;
  const begun = performance.now();
  const { agent, socket } = start(node, own, engine.socketPath, change);
  const pid = agent.pid ?? 0;
  try {
    await eventually("the agent listens", () => existsSync(socket));
    const renderer = await subscribe(socket);
    const firstSnapshot = performance.now() - begun;
    const cpuOfStart = cpuMs(pid);
    await sleep(REST_MS);
    const resident = residentMiB(pid);
    const perEvent = await cpuPerEvent(engine, renderer, pid);
    renderer.close();
    return {
      "first snapshot, ms": firstSnapshot,
      "processor until then, ms": cpuOfStart,
      "processor an event, ms": perEvent,
      "resident after the start, MiB": resident,
      "resident in the end, MiB": residentMiB(pid),
    };
  } finally {
    const ended = once(agent, "exit");
    agent.kill();
    await ended;
    await stage.close();
  }
}

function start(
  node: string,
  directory: string,
  dockerSocket: string,
  change: (flags: string[]) => string[],
): { agent: ChildProcess; socket: string } {
  const [rpc, audit, program] = ["rpc", "audit", "agent.cjs"].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [rpc, audit]) {
    mkdirSync(path, { mode: 0o750 });
    if (process.getuid?.() === 0) chownSync(path, AGENT_ID, AGENT_ID);
  }
  copyFileSync("dist/agent.cjs", program);
  const socket = join(rpc, "agent.sock");
  const flags = change(imageFlags("agent", directory, versionOf(node)));
  const serve = ["serve", "--docker-socket", dockerSocket, "--socket", socket, "--audit-dir", audit];
  return { agent: spawn(node, [...flags, program, ...serve], { env: {}, stdio: "ignore" }), socket };
}

/** Resolves in the moment in which the last part of the first snapshot came. */
async function subscribe(socket: string): Promise<RpcClient> {
  const client = new RpcClient(socket);
  await client.call("hello", { protocol: { min: 1, max: 1 } });
  const complete = new Promise<void>((resolve) => {
    client.socket.on("data", () => client.stateCopy && resolve());
  });
  void client.call("subscribe", {});
  await complete;
  return client;
}

/** Processor time for one start or stop, each told before the next is made. */
async function cpuPerEvent(engine: EngineProcess, renderer: RpcClient, pid: number): Promise<number> {
  const name = "changing";
  await engine.tell({ kind: "create", name });
  const before = cpuMs(pid);
  for (let round = 0; round < STARTS_AND_STOPS; round++) {
    await engine.tell({ kind: "start", name });
    await eventually("the start is told", () => renderer.named(name)?.state === "running");
    await sleep(PAUSE_MS);
    await engine.tell({ kind: "stop", name });
    await eventually("the stop is told", () => renderer.named(name)?.state === "exited");
    await sleep(PAUSE_MS);
  }
  return (cpuMs(pid) - before) / (2 * STARTS_AND_STOPS);
}

void main();
