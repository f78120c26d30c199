import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "../../shared/log.ts";
import type { Config } from "../config/schema.ts";
import type { Report } from "../status/report.ts";
import { askStatus } from "../status/socket.ts";
import { run } from "../targets/run.ts";

/** Milliseconds for agents, check and reload together. */
export const ONCE_MS = 30_000;

/** Milliseconds between two looks at how far it is. */
const LOOK_MS = 50;

/** How it ended: `late` when not every target was live in time, with what was missing. */
export type OnceEnding =
  | { readonly kind: "live" | "stopped" }
  | { readonly kind: "late" | "misconfigured"; readonly problems: readonly string[] };

/** Runs until every target that is a file is live and confirmed, and ends. */
export async function runOnce(
  whole: Config,
  signal: AbortSignal,
  log: Log,
  patienceMs: number = ONCE_MS,
): Promise<OnceEnding> {
  const config = { ...whole, targets: whole.targets.filter(({ destination }) => destination !== "-") };
  if (config.targets.length === 0) return { kind: "live" };
  const done = new AbortController();
  const running = run(config, AbortSignal.any([signal, done.signal]), log).finally(() => done.abort());
  const end = Date.now() + patienceMs;
  let report: Report | undefined;
  while (!done.signal.aborted && !signal.aborted && Date.now() < end && !isLive(report)) {
    await sleep(LOOK_MS);
    report = await askStatus(config.statusSocket).catch(() => undefined);
  }
  done.abort();
  const { problems } = await running;
  if (problems.length > 0) return { kind: "misconfigured", problems };
  if (signal.aborted) return { kind: "stopped" };
  return isLive(report) ? { kind: "live" } : { kind: "late", problems: missing(report) };
}

function isLive(report: Report | undefined): boolean {
  return report?.targets.every(({ pending, liveHash }) => !pending && liveHash !== undefined) ?? false;
}

function missing(report: Report | undefined): string[] {
  const { agents = [], targets = [] } = report ?? {};
  return [
    ...agents.flatMap(({ socket, problem }) => (problem === undefined ? [] : [`${socket}: ${problem}`])),
    ...targets.flatMap(({ destination, problem }) => (problem === undefined ? [] : [`${destination}: ${problem}`])),
    ...(report ? [] : ["the renderer did not come up"]),
  ];
}
