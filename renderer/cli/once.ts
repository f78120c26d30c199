import type { Log } from "../../shared/log.ts";
import type { Config } from "../config/schema.ts";
import { closuresOf, type Report } from "../status/report.ts";
import { run, type Running } from "../targets/run.ts";

/** Milliseconds for agents, check and reload together. */
export const ONCE_MS = 30_000;

/** How it ended; `late`: not every target was live in time, and why. `closed`: all are live, and a host is closed. */
export type OnceEnding =
  | { readonly kind: "live" | "closed" | "stopped" }
  | { readonly kind: "late" | "misconfigured"; readonly problems: readonly string[] };

/** Runs until every target that is a file is live, then stops. */
export async function runOnce(
  whole: Config,
  signal: AbortSignal,
  log: Log,
  timeoutMs: number = ONCE_MS,
): Promise<OnceEnding> {
  const config = { ...whole, targets: whole.targets.filter(({ destination }) => destination !== "-") };
  if (config.targets.length === 0) return { kind: "live" };
  const done = new AbortController();
  let ending: OnceEnding = { kind: "stopped" };
  let timer: NodeJS.Timeout | undefined;
  const end = (found: OnceEnding): void => {
    if (!done.signal.aborted) ending = found;
    done.abort();
  };
  const onStart = (running: Running): void => {
    timer = setTimeout(() => end({ kind: "late", problems: missing(running.report()) }), timeoutMs);
    void running.published.then(() => {
      const isClosed = running.report().virtualHosts.some((host) => closuresOf(host).length > 0);
      end({ kind: isClosed ? "closed" : "live" });
    });
  };
  const { problems } = await run(config, AbortSignal.any([signal, done.signal]), log, { onStart });
  clearTimeout(timer);
  return problems.length > 0 ? { kind: "misconfigured", problems } : ending;
}

function missing({ agents, targets }: Report): string[] {
  return [
    ...agents.flatMap(({ socket, error }) => (error === undefined ? [] : [`${socket}: ${error}`])),
    ...targets.flatMap(({ destination, error }) => (error === undefined ? [] : [`${destination}: ${error}`])),
  ];
}
