import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { nginxVersion } from "../test/demo/local-nginx.ts";
import { machine } from "./machine.ts";
import { ms } from "./measure.ts";
import { type NginxStage, createNginxStage, shippedTarget } from "./nginx-stage.ts";
import { imageNode, versionOf } from "./node-binary.ts";
import { replaceSection } from "./page.ts";
import { answered } from "./request.ts";
import { median, quantile } from "./statistics.ts";
import type { Subject } from "./subject.ts";
import { dockerGen, floor, sallyport } from "./subjects.ts";
import { table } from "./tables.ts";

const HELP = `npm run bench:served -- [OPTION]…: measures the time from a container's start to its first response through nginx

  --counts N,N,…   numbers of containers (10,100,1000)
  --rounds N       starts per number of containers (10)
  --write          write the results to docs/explanation/benchmarks.md
`;

/** Milliseconds between two starts, so that all debounces have ended and nginx has reloaded. */
const PAUSE_MS = 1_500;

/** Measures the time from a container's start to its first response through nginx, with each program's own reload. */
async function main(): Promise<void> {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const { values } = parseArgs({ options: { counts: text, rounds: text, write: flag, help: flag } });
  if (values.help === true) return void process.stdout.write(HELP);
  const rounds = Number(values.rounds ?? 10);
  const node = imageNode();
  const rows: string[][] = [];
  for (const count of (values.counts ?? "10,100,1000").split(",").map(Number)) {
    for (const make of [
      dockerGen,
      (stage: NginxStage) => floor(node, stage),
      (stage: NginxStage) => shipped(node, stage),
    ]) {
      const stage = await createNginxStage(count);
      try {
        const subject = make(stage);
        if (!subject) continue;
        process.stderr.write(`bench: ${subject.name}, ${count} containers, nginx\n`);
        const samples = await served(subject, stage, count, rounds);
        const times = [median(samples), quantile(samples, 1)].map((time) => `${time.toFixed(0)} ms`);
        rows.push([count.toLocaleString("en"), subject.name, ...times]);
      } finally {
        await stage.close();
      }
    }
  }
  report(rows, rounds, machine(versionOf(node)), values.write === true);
}

function shipped(node: string, stage: NginxStage): Subject {
  return sallyport(node, { target: shippedTarget(stage) });
}

/** Measures the milliseconds from each start to the first response of the container. */
async function served(
  subject: Subject,
  { engine, own, file, port }: NginxStage,
  count: number,
  rounds: number,
): Promise<number[]> {
  const running = await subject.start({ directory: own, dockerSocket: engine.socketPath, file });
  try {
    await answered(port, `app${count - 1}`);
    const samples: number[] = [];
    for (let round = 0; round < rounds; round++) {
      await sleep(PAUSE_MS);
      const name = `served${round}`;
      await engine.send({ kind: "create", name });
      const { at } = await engine.send({ kind: "start", name });
      await answered(port, name);
      samples.push(ms(process.hrtime.bigint() - BigInt(at)));
    }
    return samples;
  } finally {
    await running.stop();
  }
}

function report(rows: readonly (readonly string[])[], rounds: number, where: string, isWritten: boolean): void {
  const head = ["containers", "program", "start → first response", `maximum of ${rounds}`];
  const text = `${where} ${nginxVersion()}, one worker.\n\n${table([head, ...rows])}`;
  process.stdout.write(`${text}\n`);
  if (isWritten) {
    writeFileSync(
      "docs/explanation/benchmarks.md",
      replaceSection(readFileSync("docs/explanation/benchmarks.md", "utf8"), "served", text),
    );
  }
}

void main();
