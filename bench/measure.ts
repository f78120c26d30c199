import { setTimeout as sleep } from "node:timers/promises";
import type { EngineProcess } from "./engine-process.ts";
import { cpuMs, residentMiB } from "./proc.ts";
import { quiet } from "./quiet.ts";
import { createStage } from "./stage.ts";
import type { Running, Subject } from "./subject.ts";
import { type Traffic, trafficPerEvent } from "./traffic.ts";
import { changedTo } from "./watched-file.ts";

/** Milliseconds between two events, so that no debounce counts them as one burst. */
const PAUSE_MS = 90;

/** Milliseconds until the garbage of the start is collected. */
const REST_MS = 5_000;

/** The measurements of one subject with one number of containers. Times are in milliseconds. */
export interface Measured {
  readonly subject: Subject["name"];
  readonly count: number;
  readonly firstFileMs: number;
  readonly startMs: readonly number[];
  readonly stopMs: readonly number[];
  readonly cpuMsPerEvent: number;
  /** MiB by process, after garbage collection. */
  readonly residentMiB: Readonly<Record<string, number>>;
  readonly traffic: Traffic;
}

/** Runs a subject with `count` containers and measures `rounds` starts and stops. */
export async function measure(subject: Subject, count: number, rounds: number): Promise<Measured> {
  const stage = await createStage(count);
  try {
    const running = await subject.start({
      directory: stage.own,
      dockerSocket: stage.engine.socketPath,
      file: stage.file,
    });
    try {
      const first = await changedTo(stage.file, (bytes) => hosts(count).every((host) => bytes.includes(host)));
      const { engine, file } = stage;
      return await measureRunning({
        subject,
        count,
        rounds,
        engine,
        file,
        running,
        firstFileMs: ms(first - running.begun),
      });
    } finally {
      await running.stop();
    }
  } finally {
    await stage.close();
  }
}

interface Setting {
  readonly subject: Subject;
  readonly count: number;
  readonly rounds: number;
  readonly engine: EngineProcess;
  readonly file: string;
  readonly running: Running;
  readonly firstFileMs: number;
}

async function measureRunning(setting: Setting): Promise<Measured> {
  const { subject, count, rounds, engine, file, running, firstFileMs } = setting;
  const pids = Object.entries(running.pids);
  const cpu = (): number => pids.reduce((sum, [, pid]) => sum + cpuMs(pid), 0);
  await sleep(REST_MS);
  for (let round = 0; round < 3; round++) await startAndStop(engine, file, `warm${round}`);
  const memory = Object.fromEntries(pids.map(([name, pid]) => [name, residentMiB(pid)]));
  const before = cpu();
  const [startMs, stopMs]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    const { start, stop } = await startAndStop(engine, file, `new${round}`);
    startMs.push(start);
    stopMs.push(stop);
  }
  const cpuMsPerEvent = (cpu() - before) / (2 * rounds);
  const traffic = await trafficPerEvent(engine);
  const name = subject.name;
  return { subject: name, count, firstFileMs, startMs, stopMs, cpuMsPerEvent, residentMiB: memory, traffic };
}

/** Measures the milliseconds from each event to its file, then removes the container. */
async function startAndStop(
  engine: EngineProcess,
  file: string,
  name: string,
): Promise<{ start: number; stop: number }> {
  await engine.send({ kind: "create", name });
  await quiet(engine, PAUSE_MS);
  const start = await timed(engine, "start", name, file, (bytes) => bytes.includes(hostOf(name)));
  await quiet(engine, PAUSE_MS);
  const stop = await timed(
    engine,
    "stop",
    name,
    file,
    (bytes) => !bytes.includes(hostOf(name)) || isEmpty(bytes, name),
  );
  await quiet(engine, PAUSE_MS);
  await engine.send({ kind: "remove", name });
  await quiet(engine, PAUSE_MS);
  return { start, stop };
}

async function timed(
  engine: EngineProcess,
  kind: "start" | "stop",
  name: string,
  file: string,
  isExpected: (bytes: Buffer) => boolean,
): Promise<number> {
  const changed = changedTo(file, isExpected);
  const { at } = await engine.send({ kind, name });
  return ms((await changed) - BigInt(at));
}

/** Returns the line of the file with the virtual host of this container. */
export function hostOf(name: string): string {
  return `server_name ${name}.example;`;
}

/** True if the virtual host of this container is in the file without upstream servers. */
export function isEmpty(bytes: Buffer, name: string): boolean {
  const at = bytes.indexOf(hostOf(name));
  return bytes.subarray(at, at + 200).includes("return 503;");
}

/** Returns the virtual hosts of the first, the middle and the last container. */
function hosts(count: number): string[] {
  return [0, Math.floor(count / 2), count - 1].map((number) => hostOf(`app${number}`));
}

/** Converts nanoseconds to milliseconds. */
export function ms(ns: bigint): number {
  return Number(ns) / 1e6;
}
