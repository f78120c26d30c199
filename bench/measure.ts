import { setTimeout as sleep } from "node:timers/promises";
import type { EngineProcess } from "./engine-process.ts";
import { cpuMs, residentMiB } from "./proc.ts";
import { quiet } from "./quiet.ts";
import { setStage } from "./stage.ts";
import type { Running, Subject } from "./subject.ts";
import { type Traffic, trafficPerEvent } from "./traffic.ts";
import { changedTo } from "./watched-file.ts";

/** Milliseconds between two events: the one before is over, and no pace or debounce counts it as part of a burst. */
const PAUSE_MS = 90;

/** Milliseconds for the garbage of the start to be gone. */
const REST_MS = 5_000;

/** What was measured of one subject with one number of containers. Times are milliseconds. */
export interface Measured {
  readonly subject: Subject["name"];
  readonly count: number;
  readonly firstFileMs: number;
  readonly startMs: readonly number[];
  readonly stopMs: readonly number[];
  readonly cpuMsPerEvent: number;
  /** By process, MiB, after a rest. */
  readonly residentMiB: Readonly<Record<string, number>>;
  readonly traffic: Traffic;
}

/** Runs a subject before `count` containers and measures `rounds` starts and stops. */
export async function measure(subject: Subject, count: number, rounds: number): Promise<Measured> {
  const stage = await setStage(count);
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

/** Milliseconds from each event to the file that follows from it. The container is removed in the end. */
async function startAndStop(
  engine: EngineProcess,
  file: string,
  name: string,
): Promise<{ start: number; stop: number }> {
  await engine.tell({ kind: "create", name });
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
  await engine.tell({ kind: "remove", name });
  await quiet(engine, PAUSE_MS);
  return { start, stop };
}

async function timed(
  engine: EngineProcess,
  kind: "start" | "stop",
  name: string,
  file: string,
  isWanted: (bytes: Buffer) => boolean,
): Promise<number> {
  const changed = changedTo(file, isWanted);
  const { at } = await engine.tell({ kind, name });
  return ms((await changed) - BigInt(at));
}

/** How the host of the engine's container of this name stands in the file. */
export function hostOf(name: string): string {
  return `server_name ${name}.example;`;
}

/** A host that nobody serves any more may stay, without servers. */
export function isEmpty(bytes: Buffer, name: string): boolean {
  const at = bytes.indexOf(hostOf(name));
  return bytes.subarray(at, at + 200).includes("return 503;");
}

/** Some of the first containers' hosts, the first and the last among them. */
function hosts(count: number): string[] {
  return [0, Math.floor(count / 2), count - 1].map((number) => hostOf(`app${number}`));
}

/** Nanoseconds in milliseconds. */
export function ms(ns: bigint): number {
  return Number(ns) / 1e6;
}
