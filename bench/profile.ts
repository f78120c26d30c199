import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { machine } from "./machine.ts";
import { hostOf, ms } from "./measure.ts";
import { imageNode, versionOf } from "./node-binary.ts";
import { replaceSection } from "./page.ts";
import { type Passed, relay } from "./relay.ts";
import { createStage, type Stage } from "./stage.ts";
import { median, quantile } from "./statistics.ts";
import { sallyport } from "./subjects.ts";
import { table } from "./tables.ts";
import { changedTo } from "./watched-file.ts";

const COUNT = 1_000;
const ROUNDS = 40;
const PAUSE_MS = 90;

/** The parts of one start, measured from outside: messages on the two sockets, and the time of the file. */
const HOPS = [
  "Docker: change, event on the socket",
  "agent: event to inspect request",
  "Docker: response",
  "agent: parse, policy, audit record, frame",
  "renderer: parse, routes, text, write and rename the file",
] as const;

async function main(): Promise<void> {
  const node = imageNode();
  const stage = await createStage(COUNT);
  const docker: Passed[] = [];
  const rpc: Passed[] = [];
  const dockerSocket = join(stage.own, "docker.sock");
  const closing = [await relay(dockerSocket, stage.engine.socketPath, (passed) => docker.push(passed))];
  const between = async (agentSocket: string): Promise<string> => {
    const path = join(stage.own, "relayed.sock");
    closing.push(await relay(path, agentSocket, (passed) => rpc.push(passed)));
    return path;
  };
  const running = await sallyport(node, { between }).start({ directory: stage.own, dockerSocket, file: stage.file });
  try {
    await changedTo(stage.file, (bytes) => bytes.includes(hostOf(`app${COUNT - 1}`)));
    await sleep(5_000);
    const rounds: number[][] = [];
    for (let round = 0; round < ROUNDS; round++) rounds.push(await hopsOf(stage, `new${round}`, docker, rpc));
    report(rounds, machine(versionOf(node)));
  } finally {
    await running.stop();
    for (const close of closing) close();
    await stage.close();
  }
}

/** Measures the milliseconds of each part of one start. */
async function hopsOf({ engine, file }: Stage, name: string, docker: Passed[], rpc: Passed[]): Promise<number[]> {
  await engine.send({ kind: "create", name });
  await sleep(PAUSE_MS);
  docker.length = 0;
  rpc.length = 0;
  const changed = changedTo(file, (bytes) => bytes.includes(hostOf(name)));
  const { at } = await engine.send({ kind: "start", name });
  const done = await changed;
  const event = docker.find(({ from, bytes }) => from === "server" && bytes.includes('"start"'))?.at;
  const request = docker.find(({ from, bytes }) => from === "client" && bytes.includes("/json"))?.at;
  const response = docker.find(
    (passed) => passed.from === "server" && request !== undefined && passed.at > request,
  )?.at;
  const delta = rpc.find(({ from, bytes }) => from === "server" && bytes.includes("snapshot.delta"))?.at;
  await engine.send({ kind: "remove", name });
  await sleep(PAUSE_MS);
  const times = [BigInt(at), event, request, response, delta, done];
  return HOPS.map((_, index) => {
    const [from, to] = [times[index], times[index + 1]];
    return from === undefined || to === undefined ? Number.NaN : ms(to - from);
  });
}

function report(rounds: readonly (readonly number[])[], where: string): void {
  const rows = HOPS.map((hop, index) => {
    const samples = rounds.map((round) => round[index] ?? Number.NaN).filter((sample) => !Number.isNaN(sample));
    return [hop, `${median(samples).toFixed(2)} ms`, `${quantile(samples, 0.99).toFixed(2)} ms`];
  });
  const text = `${where}\n\n${table([["hop", "median", "p99"], ...rows])}`;
  process.stdout.write(`${text}\n`);
  if (process.argv.includes("--write")) {
    writeFileSync(
      "docs/explanation/benchmarks.md",
      replaceSection(readFileSync("docs/explanation/benchmarks.md", "utf8"), "profile", text),
    );
  }
}

void main();
