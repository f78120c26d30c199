import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { AgentProcess } from "../agent/agent-process.ts";
import { atTheSocket, throughTheDoor } from "./campaign.ts";

const { values } = parseArgs({
  options: {
    streams: { type: "string", default: "1000000" },
    sockets: { type: "string", default: "2000" },
    seed: { type: "string" },
  },
});
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));

/** A heap that has filled once takes some; what is kept of every stream would be more. */
const MAX_GROWTH_KIB = 32 * 1_024;

/** A million mutated streams through the agent's connections, then some thousand at its socket. Exit 1 at the first harm. */
async function main(): Promise<void> {
  const began = performance.now();
  const { refused, served } = await throughTheDoor(Number(values.streams), seed);
  const seconds = (performance.now() - began) / 1_000;
  process.stdout.write(
    `seed ${seed}: ${values.streams} streams in ${seconds.toFixed(0)} s, ${refused} refused, ${served} requests served\n`,
  );
  const agent = await AgentProcess.start();
  const good = await agent.subscribe();
  const before = residentKiB(agent.pid);
  await atTheSocket(agent, good, Number(values.sockets), seed);
  const grown = residentKiB(agent.pid) - before;
  process.stdout.write(`${values.sockets} at the socket: requests to Docker as permitted, memory ${grown} KiB more\n`);
  if (grown > MAX_GROWTH_KIB) throw new Error(`the agent's memory has grown by more than ${MAX_GROWTH_KIB} KiB`);
  good.close();
  await agent.close();
}

function residentKiB(pid: number): number {
  return Number(/^VmRSS:\s+([0-9]+)/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1]);
}

main().catch((error: unknown) => {
  process.stderr.write(`seed ${seed}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
