import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { chart, type Line } from "./chart.ts";
import { machine } from "./machine.ts";
import { measure, type Measured } from "./measure.ts";
import { imageNode, versionOf } from "./node-binary.ts";
import { goalsOf, isReached } from "./numbers.ts";
import { replaceSection } from "./page.ts";
import { median } from "./statistics.ts";
import type { Subject } from "./subject.ts";
import { dockerGen, floor, sallyport } from "./subjects.ts";
import { goalTable, measurements, requests } from "./tables.ts";

const ALL_COUNTS = "10,100,1000,5000,10000";

const HELP = `npm run bench -- [OPTION]…: measures the time from an event to the file, compared with docker-gen and bare Node

  --counts N,N,…   numbers of containers (${ALL_COUNTS})
  --quick          10 and 1,000 containers, 10 rounds
  --rounds N       starts and stops per number of containers (40)
  --node PATH      the Node that runs the programs (the version of the images, from npm)
  --write          write the results to docs/explanation/benchmarks.md and docs/explanation/benchmarks.svg
  --check          exit 1 when a goal is not reached
`;

async function main(): Promise<number> {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const { values } = parseArgs({
    options: { counts: text, rounds: text, node: text, quick: flag, write: flag, check: flag, help: flag },
  });
  if (values.help === true) return print(HELP);
  const defaults = values.quick === true ? { counts: "10,1000", rounds: 10 } : { counts: ALL_COUNTS, rounds: 40 };
  const counts = (values.counts ?? defaults.counts).split(",").map(Number);
  const node = values.node ?? imageNode();
  const all = await measureAll(counts, Number(values.rounds ?? defaults.rounds), node);
  const goals = goalsOf(all);
  const results = [
    machine(versionOf(node)),
    measurements(all),
    "Docker requests per event, and bytes on Docker's socket including the event:",
    requests(all),
  ];
  print(`${[...results, goalTable(goals)].join("\n\n")}\n`);
  if (values.write === true) writePage(results.join("\n\n"), goalTable(goals), all);
  return values.check === true && !goals.every(isReached) ? 1 : 0;
}

/** Measures the subjects in turn for each number of containers, so that other load on the machine affects all. */
async function measureAll(counts: readonly number[], rounds: number, node: string): Promise<Measured[]> {
  const peer = dockerGen();
  if (!peer)
    process.stderr.write("bench: no docker-gen on PATH; docs/explanation/benchmarks.md describes how to install it\n");
  const subjects: Subject[] = [...(peer ? [peer] : []), floor(node), sallyport(node)];
  const all: Measured[] = [];
  for (const count of counts) {
    for (const subject of subjects.filter(({ atMost }) => count <= atMost)) {
      process.stderr.write(`bench: ${subject.name}, ${count} containers\n`);
      all.push(await measure(subject, count, rounds));
    }
  }
  return all;
}

function writePage(results: string, goalsText: string, all: readonly Measured[]): void {
  const page = replaceSection(readFileSync("docs/explanation/benchmarks.md", "utf8"), "results", results);
  writeFileSync("docs/explanation/benchmarks.md", replaceSection(page, "goals", goalsText));
  const names = [...new Set(all.map(({ subject }) => subject))];
  const lines = names.map((name): Line => {
    const own = all.filter(({ subject }) => subject === name);
    return { name, points: own.map(({ count, startMs }) => ({ count, ms: median(startMs) })) };
  });
  writeFileSync("docs/explanation/benchmarks.svg", chart("Milliseconds from a container's start to the file", lines));
}

function print(text: string): 0 {
  process.stdout.write(text);
  return 0;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`bench: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 70;
  },
);
