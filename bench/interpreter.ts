import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, copyFileSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { bundle } from "../.ci/bundle.ts";
import { PROTOCOL } from "../shared/rpc.ts";
import { RpcClient } from "../test/agent/rpc-client.ts";
import { eventually } from "../test/eventually.ts";
import type { EngineProcess } from "./engine-process.ts";
import { imageFlags } from "./image-flags.ts";
import { machine } from "./machine.ts";
import { imageNode, versionOf } from "./node-binary.ts";
import { cpuMs, residentMiB } from "./proc.ts";
import { createStage } from "./stage.ts";
import { median } from "./statistics.ts";
import { table } from "./tables.ts";

/** Number of containers. Set another one with `npm run bench:jitless 10000`. */
const COUNT = Number(process.argv[2] ?? 1_000);
const STARTS_AND_STOPS = 500;
const ROUNDS = 3;
const PAUSE_MS = 20;

/** Milliseconds until the garbage of the start is collected. */
const REST_MS = 5_000;

/** The agent's user id. */
const AGENT_ID = 65_532;

/** Measures the cost of `--jitless` in the agent's image: the same agent with and without the flag. */
async function main(): Promise<void> {
  const node = imageNode();
  await bundle("agent", { write: true });
  const withFlag: Cost[] = [];
  const without: Cost[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    withFlag.push(await measure(node, (flags) => flags));
    without.push(await measure(node, (flags) => flags.filter((flag) => flag !== "--jitless")));
  }
  const head = ["agent", ...Object.keys(withFlag[0] ?? {})];
  const rows = [row("as in the image", withFlag), row("without --jitless", without)];
  process.stdout.write(`${machine(versionOf(node))}\n\n${table([head, ...rows])}\n`);
}

/** One value per column of the table, in milliseconds or MiB. */
type Cost = Readonly<Record<string, number>>;

function row(name: string, costs: readonly Cost[]): string[] {
  const columns = Object.keys(costs[0] ?? {});
  return [name, ...columns.map((column) => median(costs.map((cost) => cost[column] ?? Number.NaN)).toFixed(1))];
}

/** Runs an agent with changed Node flags from start to end and measures it. */
async function measure(node: string, change: (flags: string[]) => string[]): Promise<Cost> {
  const stage = await createStage(COUNT);
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
      "CPU until then, ms": cpuOfStart,
      "CPU per event, ms": perEvent,
      "resident after the start, MiB": resident,
      "resident at the end, MiB": residentMiB(pid),
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

/** Resolves when the last part of the first snapshot arrives. */
async function subscribe(socket: string): Promise<RpcClient> {
  const client = new RpcClient(socket);
  await client.call("hello", { protocol: { min: PROTOCOL, max: PROTOCOL } });
  const complete = new Promise<void>((resolve) => {
    client.socket.on("data", () => client.stateCopy && resolve());
  });
  void client.call("subscribe", {});
  await complete;
  return client;
}

/** Measures the CPU time of one start or stop. Each is received before the next one happens. */
async function cpuPerEvent(engine: EngineProcess, renderer: RpcClient, pid: number): Promise<number> {
  const name = "changing";
  await engine.send({ kind: "create", name });
  const before = cpuMs(pid);
  for (let round = 0; round < STARTS_AND_STOPS; round++) {
    await engine.send({ kind: "start", name });
    await eventually("the start is received", () => renderer.named(name)?.state === "running");
    await sleep(PAUSE_MS);
    await engine.send({ kind: "stop", name });
    await eventually("the stop is received", () => renderer.named(name)?.state === "exited");
    await sleep(PAUSE_MS);
  }
  return (cpuMs(pid) - before) / (2 * STARTS_AND_STOPS);
}

void main();
