import { setMaxListeners } from "node:events";
import type { Log } from "../../shared/log.ts";
import type { Config, Target } from "../config/schema.ts";
import { Subscription } from "../inventory/subscription.ts";
import type { InventoryChange } from "../inventory/inventory-change.ts";
import type { Report } from "../status/report.ts";
import { PageWriter } from "../status/page/page-writer.ts";
import { serveStatus, StatusSocketError } from "../status/socket.ts";
import { GeneralFiles } from "./template-files.ts";
import { GeneralLoop } from "./template-target.ts";
import { removeOutput } from "../reload/standard-output.ts";
import { keepAll } from "./keep-all.ts";
import type { Loop } from "./target.ts";
import { PresetLoop } from "./nginx-target.ts";
import { recallAbsent } from "../inventory/restore.ts";
import { reportOf } from "../status/build-report.ts";
import { TargetTemplate } from "./nginx-template.ts";

/**
 * Follows the agents and keeps every target, until the signal aborts. Gives problems that only a person can mend.
 * `onRefresh` is told how to have templates and files looked at again; `refusedConfig` is what is wrong with a newer
 * configuration that is not used.
 */
export async function run(
  config: Config,
  signal: AbortSignal,
  toLog: Log,
  onRefresh: (refresh: () => void) => void = () => undefined,
  refusedConfig: () => readonly string[] = () => [],
): Promise<{ readonly problems: string[] }> {
  // Every target, timer and watch listens for the end, which comes after their start even if the signal did not.
  const ending = new AbortController();
  setMaxListeners(0, signal, ending.signal);
  // Whatever is worth a line in the log may change the page.
  let onLogged: () => void = () => undefined;
  const log: Log = (...line) => {
    toLog(...line);
    onLogged();
  };
  const loaded = await Promise.all(config.targets.map(async (target) => await load(target, config, log)));
  const problems = loaded.flatMap((loop) => ("problem" in loop ? [loop.problem] : []));
  if (problems.length > 0) return { problems };

  const subscriptions = config.agents.map(
    ({ socket }) =>
      new Subscription(socket, log, (change) => {
        keep(socket);
        take(change);
      }),
  );
  const bySocket = new Map(config.agents.map(({ socket }, index) => [socket, subscriptions[index]!]));
  const keep = recallAbsent(config, bySocket, log, signal);
  const loops = loaded.filter((loop): loop is Loop => !("problem" in loop));
  const kept = keepAll(loops, log);
  onRefresh(() => {
    for (const loop of loops) loop.refresh();
    for (const one of kept) one.retryNow();
  });
  const take = (change: InventoryChange): void => {
    const isComplete = subscriptions.every((subscription) => subscription.isComplete);
    for (const one of kept) one.take(change, isComplete);
    onLogged();
  };
  const report = (): Report =>
    reportOf(
      subscriptions.map(({ state }) => state),
      kept.flatMap(({ standings }) => standings),
      subscriptions.flatMap(({ known }) => known),
      Date.now(),
      refusedConfig(),
    );
  const status = await startStatus(config.statusSocket, report);
  if (typeof status === "string") return { problems: [status] };
  const page = config.statusPage && new PageWriter(config.statusPage.directory, report, toLog);
  onLogged = () => page?.changed();
  for (const one of kept) await one.prepare();
  for (const one of kept) one.start(ending.signal);
  await Promise.all(subscriptions.map(async (subscription) => await subscription.run(signal)));
  ending.abort();
  await Promise.all(kept.map(async (one) => await one.stop()));
  await page?.stop();
  status.close();
  for (const { target, destination } of loops) if (target.destination === "-") removeOutput(destination.volume);
  return { problems: [] };
}

async function load(target: Target, config: Config, log: Log): Promise<Loop | { readonly problem: string }> {
  if (target.format !== undefined) {
    const files = await GeneralFiles.load(target);
    return "problem" in files ? files : new GeneralLoop(target, files, log);
  }
  const template = TargetTemplate.load(target, config);
  return "problem" in template ? template : new PresetLoop(target, template, config, log);
}

async function startStatus(path: string, report: () => Report): Promise<{ close: () => void } | string> {
  try {
    return await serveStatus(path, report);
  } catch (error) {
    if (error instanceof StatusSocketError) return `statusSocket: ${error.message}`;
    throw error;
  }
}
