import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { relative, resolve } from "node:path";
import { PassThrough } from "node:stream";
import { run } from "node:test";
import { spec, tap, type TestEvent } from "node:test/reporters";

/** Number of files in the list of the slowest ones. */
const SLOWEST = 25;

/** Matches test files that use the Docker Engine. They share it and so run one at a time. */
const USES_DOCKER = /from "(\.\.\/)+docker\.ts"|requires\([^)]*"(docker|lab|image:)/;

/** The counters in the closing lines of node's test runner. */
const COUNTER = /^(tests|suites|pass|fail|cancelled|skipped|todo) (\d+)$/;

/** Milliseconds after which a file that does not end fails. */
const FILE_LIMIT_MS = 600_000;

/** Number of failed files that `--rerun` runs again. More failures are not chance. */
const MAX_RERUNS = 3;

/**
 * Runs the given test files, or all of them, and prints one report with the slowest files and the closing lines.
 *
 * With `--rerun`, up to three files that failed run again, alone, and the second result counts. The report names
 * files that then succeed as flaky: each is a fault to fix.
 */
async function main(args: readonly string[]): Promise<void> {
  const began = performance.now();
  const isRerun = args.includes("--rerun");
  const named = args.filter((arg) => arg !== "--rerun");
  const files = (named.length > 0 ? named : allTests()).map((path) => resolve(path));
  const usesDocker = (path: string): boolean => USES_DOCKER.test(readFileSync(path, "utf8"));
  const lanes = [
    new Lane(files.filter(usesDocker), 1),
    new Lane(
      files.filter((path) => !usesDocker(path)),
      availableParallelism(),
    ),
  ].filter((lane) => lane.files.length > 0);

  const events = new PassThrough({ objectMode: true });
  const reported = events.compose(process.stdout.isTTY ? new spec() : tap).pipe(process.stdout, { end: false });
  let tests = 0;
  const report = (group: readonly TestEvent[]): void => {
    for (const event of group) events.write(numbered(event, () => ++tests));
  };
  await Promise.all(lanes.map(async (lane) => await lane.run(report)));
  const failed = lanes.flatMap((lane) => lane.failed);
  if (isRerun && failed.length > 0 && failed.length <= MAX_RERUNS) {
    const again = new Lane(failed, 1);
    await again.run(report);
    for (const lane of lanes) lane.forgive(failed.filter((file) => !again.failed.includes(file)));
  }
  for (const event of closing(lanes, tests, performance.now() - began)) events.write(event);
  events.end();
  await new Promise((done) => reported.once("unpipe", done));
  if (lanes.some((lane) => !lane.succeeded)) process.exitCode = 1;
}

function allTests(): string[] {
  return readdirSync("test", { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".test.ts"))
    .map((path) => `test/${path}`)
    .toSorted();
}

/** Test files that run with the same limit on how many of them run at once. */
class Lane {
  readonly files: readonly string[];
  readonly counters = new Map<string, number>();
  /** Milliseconds from start to end of each file's process. */
  readonly durations = new Map<string, number>();
  readonly #concurrency: number;
  /** Number of failed tests and suites of each file that has any; the counters do not include a suite whose hook failed. */
  readonly #failures = new Map<string, { tests: number }>();
  /** Files that failed at first and succeeded when they ran alone. */
  flaky: readonly string[] = [];

  constructor(files: readonly string[], concurrency: number) {
    this.files = files;
    this.#concurrency = concurrency;
  }

  get failed(): readonly string[] {
    return [...this.#failures.keys()];
  }

  /** Takes back the failures of files that have succeeded since. */
  forgive(succeeded: readonly string[]): void {
    this.flaky = succeeded.filter((file) => this.#failures.has(file));
    for (const file of this.flaky) {
      const { tests } = this.#failures.get(file) ?? { tests: 0 };
      this.counters.set("fail", (this.counters.get("fail") ?? 0) - tests);
      this.counters.set("pass", (this.counters.get("pass") ?? 0) + tests);
      this.#failures.delete(file);
    }
  }

  /** True when every file ran, with at least one test in all, and nothing failed. */
  get succeeded(): boolean {
    const ran = this.files.every((file) => this.durations.has(file));
    return ran && (this.counters.get("tests") ?? 0) > 0 && this.#failures.size === 0;
  }

  /** Calls `report` with all events of a top-level test at once, so that lanes do not mix within a test. */
  async run(report: (group: readonly TestEvent[]) => void): Promise<void> {
    let group: TestEvent[] = [];
    for await (const event of run({ files: [...this.files], concurrency: this.#concurrency, timeout: FILE_LIMIT_MS })) {
      if (event.type === "test:fail") this.#fail(event.data);
      if (this.#collect(event as TestEvent)) continue;
      group.push(event as TestEvent);
      if (!isResult(event as TestEvent)) continue;
      report(group);
      group = [];
    }
    report(group);
  }

  #fail({ file, name, details }: { file?: string; name: string; details: { type?: string } }): void {
    const path = this.files.find((one) => one === file) ?? name;
    const failures = this.#failures.get(path) ?? { tests: 0 };
    if (details.type !== "suite") failures.tests++;
    this.#failures.set(path, failures);
  }

  /** Returns true for events that the closing lines replace. */
  #collect({ type, data }: TestEvent): boolean {
    if (type === "test:complete" && data.name === data.file) this.durations.set(data.file, data.details.duration_ms);
    if (type === "test:plan" && data.nesting === 0) return true;
    if (type !== "test:diagnostic" || data.nesting > 0) return false;
    const [, name, count] = COUNTER.exec(data.message) ?? [];
    if (name === undefined) return data.message.startsWith("duration_ms ");
    this.counters.set(name, Number(count));
    return true;
  }
}

/** True for the last event of a top-level test. */
function isResult({ type, data }: TestEvent): boolean {
  return (type === "test:pass" || type === "test:fail") && data.nesting === 0;
}

function numbered(event: TestEvent, next: () => number): TestEvent {
  return isResult(event) ? ({ ...event, data: { ...event.data, testNumber: next() } } as TestEvent) : event;
}

/** The slowest files, then the closing lines that node's test runner prints, with the counters of all lanes added up. */
function closing(lanes: readonly Lane[], tests: number, durationMs: number): TestEvent[] {
  const slowest = lanes
    .flatMap((lane) => [...lane.durations])
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, SLOWEST)
    .map(([path, ms]) => `${(ms / 1_000).toFixed(1).padStart(6)} s  ${relative("", path)}`);
  const missing = lanes
    .flatMap((lane) => lane.files.filter((file) => !lane.durations.has(file)))
    .map((path) => `did not run: ${relative("", path)}`);
  const names = [...new Set(lanes.flatMap((lane) => [...lane.counters.keys()]))];
  const sums = names.map((name) => `${name} ${lanes.reduce((sum, lane) => sum + (lane.counters.get(name) ?? 0), 0)}`);
  const flaky = lanes
    .flatMap((lane) => lane.flaky)
    .map((path) => `flaky, succeeded in a second run: ${relative("", path)}`);
  const lines = [
    "the slowest files:",
    ...slowest,
    ...missing,
    ...flaky,
    ...sums,
    `duration_ms ${durationMs.toFixed(0)}`,
  ];
  return [
    { type: "test:plan", data: { nesting: 0, count: tests } },
    ...lines.map((message): TestEvent => ({ type: "test:diagnostic", data: { nesting: 0, message } })),
  ];
}

await main(process.argv.slice(2));
