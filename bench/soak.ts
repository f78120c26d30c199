import { readFileSync, watch, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { EngineProcess } from "./engine-process.ts";
import type { EngineCommand } from "./engine-command.ts";
import { machine } from "./machine.ts";
import { hostOf } from "./measure.ts";
import { imageNode, versionOf } from "./node-binary.ts";
import { replaceSection } from "./page.ts";
import { residentMiB } from "./proc.ts";
import { createStage } from "./stage.ts";
import { median } from "./statistics.ts";
import { sallyport } from "./subjects.ts";
import { table } from "./tables.ts";
import { changedTo } from "./watched-file.ts";

const COUNT = 200;
const EVENTS_PER_SECOND = 100;
const SAMPLE_MS = 5_000;

/** Memory is flat when the last quarter exceeds the second by at most this factor and this many MiB. */
const FLAT = { factor: 1.1, mib: 8 };

/**
 * Runs the shipped configuration without reload for ten minutes (`--minutes N`) at 100 events per second. Exit code 1
 * means that memory grew.
 */
async function main(): Promise<number> {
  const { values } = parseArgs({ options: { minutes: { type: "string", default: "10" }, write: { type: "boolean" } } });
  const node = imageNode();
  const stage = await createStage(COUNT);
  const running = await sallyport(node, { target: { wait: "100ms:1s", reload: "none" } }).start({
    directory: stage.own,
    dockerSocket: stage.engine.socketPath,
    file: stage.file,
  });
  try {
    await changedTo(stage.file, (bytes) => bytes.includes(hostOf(`app${COUNT - 1}`)));
    let publications = 0;
    const watcher = watch(dirname(stage.file), (_event, name) => {
      if (name === "default.conf") publications += 1;
    });
    const { samples, events } = await soak(stage.engine, running.pids, Number(values.minutes) * 60_000);
    watcher.close();
    const rows = Object.entries(samples).map(([name, mib]) => judge(name, mib));
    const head = ["process", "second quarter", "last quarter", "maximum", "flat"];
    const summary = `${events.toLocaleString("en")} events in ${values.minutes} minutes, ${publications.toLocaleString("en")} publications.`;
    const text = `${machine(versionOf(node))} ${summary}\n\n${table([head, ...rows])}`;
    process.stdout.write(`${text}\n`);
    if (values.write === true) {
      writeFileSync(
        "docs/explanation/benchmarks.md",
        replaceSection(readFileSync("docs/explanation/benchmarks.md", "utf8"), "soak", text),
      );
    }
    return rows.every((row) => row.at(-1) === "yes") ? 0 : 1;
  } finally {
    await running.stop();
    await stage.close();
  }
}

async function soak(
  engine: EngineProcess,
  pids: Readonly<Record<string, number>>,
  forMs: number,
): Promise<{ samples: Record<string, number[]>; events: number }> {
  const samples: Record<string, number[]> = Object.fromEntries(Object.keys(pids).map((name) => [name, []]));
  const began = performance.now();
  let events = 0;
  for (let nextSample = began; performance.now() - began < forMs;) {
    await engine.send(eventOf(events++));
    if (performance.now() >= nextSample) {
      for (const [name, pid] of Object.entries(pids)) samples[name]?.push(residentMiB(pid));
      nextSample += SAMPLE_MS;
    }
    await sleep(Math.max(0, began + (events * 1_000) / EVENTS_PER_SECOND - performance.now()));
  }
  return { samples, events };
}

/** Returns the events of one container after the other: unhealthy, healthy, stop, start, rename and rename back. */
function eventOf(number: number): EngineCommand {
  const container = Math.floor(number / 6) % COUNT;
  const [name, other] = [`app${container}`, `renamed${container}`];
  const commands: readonly EngineCommand[] = [
    { kind: "health", name, to: "unhealthy" },
    { kind: "health", name, to: "healthy" },
    { kind: "stop", name },
    { kind: "start", name },
    { kind: "rename", name, to: other },
    { kind: "rename", name: other, to: name },
  ];
  return commands[number % commands.length]!;
}

function judge(name: string, mib: readonly number[]): string[] {
  const quarter = Math.floor(mib.length / 4);
  const second = median(mib.slice(quarter, 2 * quarter));
  const last = median(mib.slice(3 * quarter));
  const isFlat = last <= second * FLAT.factor && last - second <= FLAT.mib;
  return [name, ...[second, last, Math.max(...mib)].map((value) => `${value.toFixed(1)} MiB`), isFlat ? "yes" : "no"];
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`soak: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 70;
  },
);
