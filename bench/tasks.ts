import { setTimeout as sleep } from "node:timers/promises";
import { machine } from "./machine.ts";
import { hostOf, measure, ms } from "./measure.ts";
import { imageNode, versionOf } from "./node-binary.ts";
import { cpuMs } from "./proc.ts";
import { createStage } from "./stage.ts";
import { median } from "./statistics.ts";
import { sallyport } from "./subjects.ts";
import { changedTo } from "./watched-file.ts";

/**
 * Measures the time from the event of a new service to the file in a simulated swarm, compared with the start of a container
 * among as many containers, and prints a table.
 *
 *     npm run bench:tasks [SERVICES [TASKS]]
 */
const [SERVICES = 1_000, TASKS = 10_000] = process.argv.slice(2).map(Number);

const ROUNDS = 10;

/** Milliseconds after a change until the agent no longer lists the tasks of the service alone. */
const REST_MS = 5_000;

const IDLE_MS = 30_000;

interface Event {
  readonly event: string;
  readonly ms: readonly number[];
}

interface Result {
  readonly firstMs: number;
  readonly events: readonly Event[];
  readonly idle: string;
}

async function ofTasks(node: string): Promise<Result> {
  const stage = await createStage(0);
  const { engine, file } = stage;
  try {
    for (let number = 0; number < SERVICES; number++)
      await engine.send({ kind: "create-service", name: `service${number}`, replicas: TASKS / SERVICES });
    const subject = sallyport(node, { target: { wait: "0ms:0ms", reload: "none" }, agent: ["--swarm"] });
    const running = await subject.start({ directory: stage.own, dockerSocket: engine.socketPath, file });
    const agentMs = (): number => cpuMs(running.pids["agent"]!);
    try {
      const first = await changedTo(file, (bytes) => bytes.includes(hostOf(`service${SERVICES - 1}`)));
      await sleep(REST_MS);
      const [before, requests] = [agentMs(), (await engine.send({ kind: "requests" })).requests];
      await sleep(IDLE_MS);
      const share = (100 * (agentMs() - before)) / IDLE_MS;
      const count = (await engine.send({ kind: "requests" })).requests - requests;
      const idle = `${((1_000 * count) / IDLE_MS).toFixed(2)} requests a second, ${share.toFixed(1)} % of a core`;
      const events: Event[] = [];
      for (const replicas of [1, TASKS / SERVICES]) {
        const all: number[] = [];
        for (let round = 0; round < ROUNDS; round++) {
          const name = `new${replicas}-${round}`;
          const changed = changedTo(file, (bytes) => bytes.includes(hostOf(name)));
          const { at } = await engine.send({ kind: "create-service", name, replicas });
          all.push(ms((await changed) - BigInt(at)));
          await engine.send({ kind: "remove-service", name });
          // Not in step with the lists of all tasks.
          await sleep(REST_MS + 170 * round);
        }
        events.push({ event: `a new service with ${replicas} tasks`, ms: all });
      }
      return { firstMs: ms(first - running.begun), events, idle };
    } finally {
      await running.stop();
    }
  } finally {
    await stage.close();
  }
}

function row(title: string, { firstMs, events, idle }: Result): string {
  const times = events.map(
    ({ event, ms: all }) => `${event}: ${median(all).toFixed(0)} ms, at most ${Math.max(...all).toFixed(0)} ms`,
  );
  return `| ${title} | ${times.join("; ")} | ${firstMs.toFixed(0)} ms | ${idle} |`;
}

const node = imageNode();
const tasks = await ofTasks(node);
const { firstFileMs, startMs } = await measure(sallyport(node), TASKS, ROUNDS);
process.stdout.write(
  [
    machine(versionOf(node)),
    "",
    "| | event → file, median | first file | agent while nothing happens |",
    "|---|---|---|---|",
    row(`${SERVICES} services with ${TASKS} tasks`, tasks),
    row(`${TASKS} containers`, {
      firstMs: firstFileMs,
      events: [{ event: "the start of a container", ms: startMs }],
      idle: "–",
    }),
    "",
  ].join("\n"),
);
