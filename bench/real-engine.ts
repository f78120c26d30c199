import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { docker, dockerSocket } from "../test/docker.ts";
import { BOX, makeBox } from "../test/e2e/box.ts";
import { machine } from "./machine.ts";
import { hostOf, isEmpty, ms } from "./measure.ts";
import { imageNode, versionOf } from "./node-binary.ts";
import { replaceSection } from "./page.ts";
import { median, quantile } from "./statistics.ts";
import { sallyport } from "./subjects.ts";
import { table } from "./tables.ts";
import { changedTo } from "./watched-file.ts";

const COUNT = 10;
const ROUNDS = 20;
const NAME = "sallyport-bench";

/** Measures starts and stops like bench/main.ts, in a smaller run with the Engine of the docker client. */
async function main(): Promise<void> {
  const node = imageNode();
  const directory = mkdtempSync(join(tmpdir(), "sallyport-bench-"));
  const file = join(directory, "output", "default.conf");
  mkdirSync(join(directory, "output"));
  chmodSync(directory, 0o755);
  await removeAll();
  await makeBox();
  for (let number = 0; number < COUNT; number++) await run(`${NAME}${number}`);
  const running = await sallyport(node).start({ directory, dockerSocket: dockerSocket(), file });
  const events = follow(dockerSocket());
  try {
    await changedTo(file, (bytes) => bytes.includes(hostOf(`${NAME}0`)));
    const [starts, stops]: [number[], number[]] = [[], []];
    for (let round = 0; round < ROUNDS; round++) {
      const name = `${NAME}-new${round}`;
      starts.push(
        await timed(
          events,
          "start",
          file,
          (bytes) => bytes.includes(hostOf(name)),
          () => run(name),
        ),
      );
      await sleep(500);
      const isOut = (bytes: Buffer): boolean => !bytes.includes(hostOf(name)) || isEmpty(bytes, name);
      stops.push(await timed(events, "kill", file, isOut, () => docker("stop", name)));
      await sleep(500);
    }
    report(
      starts,
      stops,
      `${machine(versionOf(node))} Docker Engine ${await docker("version", "--format", "{{.Server.Version}}")}.`,
    );
  } finally {
    events.close();
    await running.stop();
    await removeAll();
    rmSync(directory, { recursive: true });
  }
}

/** Measures the milliseconds from the Engine's time stamp of the event to its file. */
async function timed(
  events: Events,
  action: string,
  file: string,
  isExpected: (bytes: Buffer) => boolean,
  act: () => Promise<unknown>,
): Promise<number> {
  const changed = changedTo(file, isExpected);
  events.seen.clear();
  await act();
  const at = await changed;
  while (!events.seen.has(action)) await sleep(10);
  // The Engine uses the time of day, hrtime a monotonic clock. Date.now() would be off by up to 1 ms.
  const timeOfDay = BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e6));
  const offset = timeOfDay - process.hrtime.bigint();
  return ms(at + offset - events.seen.get(action)!);
}

interface Events {
  /** Time of the last event of each action, in nanoseconds since the epoch. */
  readonly seen: Map<string, bigint>;
  close(): void;
}

function follow(socketPath: string): Events {
  const seen = new Map<string, bigint>();
  const request = http.get({ socketPath, path: "/events" }, (response) => {
    let rest = "";
    response.on("data", (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const action = /"Action":"([a-z]+)"/.exec(line)?.[1];
        const time = /"timeNano":([0-9]+)/.exec(line)?.[1];
        if (action !== undefined && time !== undefined) seen.set(action, BigInt(time));
      }
    });
  });
  request.on("error", () => undefined);
  return { seen, close: () => request.destroy() };
}

async function run(name: string): Promise<void> {
  const command = ["sh", "-c", "trap exit TERM; while :; do sleep 0.1; done"];
  await docker(
    "run",
    "--detach",
    "--name",
    name,
    "--env",
    `VIRTUAL_HOST=${name}.example`,
    "--expose",
    "5000",
    BOX,
    ...command,
  );
}

async function removeAll(): Promise<void> {
  const ids = (await docker("ps", "--all", "--quiet", "--filter", `name=${NAME}`))
    .split("\n")
    .filter((id) => id !== "");
  if (ids.length > 0) await docker("rm", "--force", ...ids);
}

function report(starts: readonly number[], stops: readonly number[], where: string): void {
  const row = (what: string, samples: readonly number[]): string[] => [
    what,
    `${median(samples).toFixed(1)} ms`,
    `${quantile(samples, 0.99).toFixed(1)} ms`,
  ];
  const text = `${where}\n\n${table([["event", "median", "p99"], row("start → file", starts), row("stop → file", stops)])}`;
  process.stdout.write(`${text}\n`);
  if (process.argv.includes("--write")) {
    writeFileSync(
      "docs/explanation/benchmarks.md",
      replaceSection(readFileSync("docs/explanation/benchmarks.md", "utf8"), "real", text),
    );
  }
}

void main();
