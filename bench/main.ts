import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { chart, type Line } from "./chart.ts";
import { machine } from "./machine.ts";
import { measure, type Measured } from "./measure.ts";
import { imageNode, versionOf } from "./node-binary.ts";
import { findings, isKept } from "./numbers.ts";
import { replaceSection } from "./page.ts";
import { median } from "./statistics.ts";
import type { Subject } from "./subject.ts";
import { dockerGen, floor, sallyport } from "./subjects.ts";
import { measurements, requests, verdicts } from "./tables.ts";

const ALL_COUNTS = "10,100,1000,5000,10000";

const HELP = `npm run bench -- [OPTION]…: how fast an event reaches the file, beside docker-gen and bare Node

  --counts N,N,…   numbers of containers (${ALL_COUNTS})
  --quick          10 and 1,000 containers, 10 rounds
  --rounds N       starts and stops for each (40)
  --node PATH      the Node to run the programs with (the one that the images have, from npm)
  --write          put the results into docs/explanation/benchmarks.md and docs/explanation/benchmarks.svg
  --check          exit 1 when a number is not reached
`;

async function main(): Promise<number> {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const { values } = parseArgs({
    options: { counts: text, rounds: text, node: text, quick: flag, write: flag, check: flag, help: flag },
  });
  if (values.help === true) return say(HELP);
  const usual = values.quick === true ? { counts: "10,1000", rounds: 10 } : { counts: ALL_COUNTS, rounds: 40 };
  const counts = (values.counts ?? usual.counts).split(",").map(Number);
  const node = values.node ?? imageNode();
  const all = await measureAll(counts, Number(values.rounds ?? usual.rounds), node);
  const found = findings(all);
  const results = [
    machine(versionOf(node)),
    measurements(all),
    "Docker requests for one event, and bytes on Docker's socket, the event included:",
    requests(all),
  ];
  say(`${[...results, verdicts(found)].join("\n\n")}\n`);
  if (values.write === true) writePage(results.join("\n\n"), verdicts(found), all);
  return values.check === true && !found.every(isKept) ? 1 : 0;
}

/** Subjects in turn for each number of containers, so that what the machine does meanwhile meets all of them. */
async function measureAll(counts: readonly number[], rounds: number, node: string): Promise<Measured[]> {
  const peer = dockerGen();
  if (!peer)
    process.stderr.write("bench: no docker-gen on PATH; docs/explanation/benchmarks.md says how to install it\n");
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

function writePage(results: string, goals: string, all: readonly Measured[]): void {
  const page = replaceSection(readFileSync("docs/explanation/benchmarks.md", "utf8"), "results", results);
  writeFileSync("docs/explanation/benchmarks.md", replaceSection(page, "goals", goals));
  const names = [...new Set(all.map(({ subject }) => subject))];
  const lines = names.map((name): Line => {
    const own = all.filter(({ subject }) => subject === name);
    return { name, points: own.map(({ count, startMs }) => ({ count, ms: median(startMs) })) };
  });
  writeFileSync("docs/explanation/benchmarks.svg", chart("Milliseconds from a container's start to the file", lines));
}

function say(text: string): 0 {
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
