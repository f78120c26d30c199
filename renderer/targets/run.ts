import { setMaxListeners } from "node:events";
import { join } from "node:path";
import type { HostName } from "../routes/grammar.ts";
import type { Backoff } from "../../shared/backoff.ts";
import type { Log } from "../../shared/log.ts";
import type { Config } from "../config/schema.ts";
import type { InventoryChange } from "../inventory/inventory-change.ts";
import { type CacheUpdates, restoreAbsent } from "../inventory/restore.ts";
import { Subscription } from "../inventory/subscription.ts";
import { TaskReplicas } from "../inventory/task-replicas.ts";
import { Witness } from "../inventory/witness.ts";
import { ownDirectory } from "../publish/volume.ts";
import { removeOutput } from "../reload/standard-output.ts";
import { buildReport } from "../status/build-report.ts";
import { Metrics } from "../status/metrics/metrics.ts";
import { PageWriter } from "../status/page/page-writer.ts";
import type { Report } from "../status/report.ts";
import { type Served, serveStatus, StatusSocketError } from "../status/socket.ts";
import { loadGroups } from "./load-groups.ts";
import type { Operated } from "./target.ts";
import { logUnwatched } from "./unwatched.ts";

/** Milliseconds until absent agents are restored from the cache. */
const PATIENCE_MS = 10_000;

/** Handles of a running renderer. */
export interface Running {
  /** Reads templates and files again, and retries what failed. */
  refresh(): void;
  report(): Report;
  /** Resolves when a complete inventory is live in every file. */
  readonly published: Promise<void>;
}

export interface Ended {
  /** Problems that only the operator can fix. */
  readonly problems: string[];
  /** Resolves when no publication is running any more. Another run of the same files must wait for it. */
  readonly drained: Promise<void>;
}

export interface RunOptions {
  readonly onStart?: (running: Running) => void;
  /** Errors of a newer configuration that is not used. */
  readonly rejectedConfig?: () => readonly string[];
  readonly quarantineRetry?: Backoff;
}

/**
 * Follows the agents and keeps every target published until the signal aborts. Returns problems that only the operator can
 * fix.
 */
export async function run(
  config: Config,
  signal: AbortSignal,
  toLog: Log,
  { onStart, rejectedConfig = () => [], quarantineRetry }: RunOptions = {},
): Promise<Ended> {
  // Targets, timers and watches stop with this signal, which aborts after their start even if `signal` did before.
  const ending = new AbortController();
  setMaxListeners(0, signal, ending.signal);
  // The status page may change whenever something is logged.
  let onLogged: () => void = () => undefined;
  const metrics = new Metrics();
  const log: Log = (level, event, fields) => {
    toLog(level, event, fields);
    metrics.logged(event, fields);
    onLogged();
  };
  logUnwatched(log);
  const groups = await loadGroups(config, { log, quarantineRetry });
  if ("problems" in groups) return { ...groups, drained: Promise.resolve() };

  const targets = groups.flatMap((group): readonly Operated[] => group.targets);
  const agentsDirectory = directoryOfAgents(config);
  const subscriptions = config.agents.map((agent) => {
    const { socket } = agent;
    const onChange = (change: InventoryChange): void => {
      cache.update(socket);
      apply(change);
    };
    const witness = new Witness(socket, agentsDirectory, log);
    return new Subscription(agent, log, onChange, witness, () => {
      cache.update(socket);
      reportAbsent();
    });
  });
  const reportAbsent = (): void => {
    const absent = [...bySocket].flatMap(([socket, { absentAt }]) =>
      absentAt === undefined ? [] : [[socket, absentAt] as const],
    );
    for (const target of targets) target.agentsChanged?.(new Map(absent));
    const change = replicas.setAbsent(new Set(absent.map(([socket]) => socket)));
    if (change.upserted.length + change.gone.length > 0) pass(change);
  };
  const bySocket = new Map(config.agents.map(({ socket }, index) => [socket, subscriptions[index]!]));
  const cache = cacheFor(config, bySocket, log, signal);
  const replicas = new TaskReplicas(config.agents.map(({ socket }) => socket));
  const apply = (change: InventoryChange): void => pass(replicas.apply(change));
  const pass = (change: InventoryChange): void => {
    const isComplete = subscriptions.every((subscription) => subscription.isComplete);
    for (const group of groups) group.apply(change, isComplete);
    onLogged();
  };
  const report = (): Report =>
    buildReport({
      agents: subscriptions.map(({ state }) => state),
      targets: groups.flatMap(({ statuses }) => statuses),
      containers: replicas.known,
      rejectedConfig: rejectedConfig(),
    });
  const release = (name: string | undefined): string | undefined =>
    targets.flatMap((target) => target.release?.(name) ?? [])[0];
  const maintain = (host: HostName, isOn: boolean): boolean =>
    targets.map((target) => target.maintain?.(host, isOn)).includes(true);
  const status = await startStatus(config.statusSocket, { report, release, maintain });
  if (typeof status === "string") {
    for (const group of groups) await group.stop();
    return { problems: [status], drained: Promise.resolve() };
  }
  const page = config.statusPage && new PageWriter(config.statusPage.directory, { report, metrics }, toLog);
  onLogged = () => page?.changed();
  for (const group of groups) await group.prepare();
  for (const group of groups) group.start(ending.signal);
  reportAbsent();
  onStart?.({
    refresh: () => {
      for (const group of groups) group.refresh();
    },
    report,
    published: Promise.all(groups.map(async (group) => await group.firstPublication)).then(() => undefined),
  });
  await Promise.all(subscriptions.map(async (subscription) => await subscription.run(signal)));
  ending.abort();
  await cache.flush();
  await Promise.all(groups.map(async (group) => await group.stop()));
  await page?.stop();
  status.close();
  for (const { outputs } of groups) for (const volume of outputs) removeOutput(volume);
  const drained = Promise.all(groups.map(async (group) => await group.drained())).then(() => undefined);
  return { problems: [], drained };
}

/** Returns where the renderer stores the state of agents. Without a file it has no directory. */
function directoryOfAgents({ targets }: Config): string | undefined {
  const target = targets.find(({ destination }) => destination !== "-");
  return target && join(ownDirectory(target.destination, target.stateDirectory), "agents");
}

/** Caches inventories where absent agents may have to be restored. */
function cacheFor(
  config: Config,
  subscriptions: ReadonlyMap<string, Subscription>,
  log: Log,
  signal: AbortSignal,
): CacheUpdates {
  const directory = directoryOfAgents(config);
  const delays = config.targets.flatMap((target) => ("routing" in target ? [target.routing.staleAfter] : []));
  const isNeeded = subscriptions.size > 1 || delays.length > 0;
  if (!isNeeded || directory === undefined)
    return { update: () => undefined, flush: async () => await Promise.resolve() };
  const staleAfterMs = config.agents[0]?.staleAfter ?? Math.min(...delays);
  return restoreAbsent(subscriptions, { directory, patienceMs: PATIENCE_MS, staleAfterMs }, log, signal);
}

async function startStatus(path: string, served: Served): Promise<{ close: () => void } | string> {
  try {
    return await serveStatus(path, served);
  } catch (error) {
    if (error instanceof StatusSocketError) return `statusSocket: ${error.message}`;
    throw error;
  }
}
