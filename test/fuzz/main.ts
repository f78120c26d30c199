import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { AgentProcess } from "../agent/agent-process.ts";
import { fuzzConnections, fuzzSocket } from "./campaign.ts";

const { values } = parseArgs({
  options: {
    streams: { type: "string", default: "1000000" },
    sockets: { type: "string", default: "2000" },
    seed: { type: "string" },
  },
});
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));

/** Permitted growth of the agent's memory. A leak per stream exceeds it. */
const MAX_GROWTH_KIB = 32 * 1_024;

/** Sends mutated streams through Connection objects, then through the agent's socket. Exits with 1 on the first failure. */
async function main(): Promise<void> {
  const startedAt = performance.now();
  const { refused, served } = await fuzzConnections(Number(values.streams), seed);
  const seconds = (performance.now() - startedAt) / 1_000;
  process.stdout.write(
    `seed ${seed}: ${values.streams} streams in ${seconds.toFixed(0)} s, ${refused} refused, ${served} requests served\n`,
  );
  const agent = await AgentProcess.start();
  const good = await agent.subscribe();
  const before = residentKiB(agent.pid);
  await fuzzSocket(agent, good, Number(values.sockets), seed);
  const grown = residentKiB(agent.pid) - before;
  process.stdout.write(
    `${values.sockets} streams on the socket: permitted requests only, memory grew by ${grown} KiB\n`,
  );
  if (grown > MAX_GROWTH_KIB) throw new Error(`the agent's memory grew by more than ${MAX_GROWTH_KIB} KiB`);
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
