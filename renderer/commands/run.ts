import { dirname } from "node:path";
import type { Log } from "../../shared/log.ts";
import type { Config, Target } from "../config.ts";
import { templatesOf } from "../config-general.ts";
import { Subscription } from "../inventory/subscription.ts";
import { Reconciler } from "../publish/reconciler.ts";
import { Volume } from "../publish/volume.ts";
import { chooseControl, nameOf } from "../reload/choose.ts";
import type { Published } from "../routes/routes.ts";
import { noteChange } from "../routes/journal.ts";
import type { KnownChange } from "../inventory/known.ts";
import type { Report } from "../status/report.ts";
import { FileStore } from "../files/file-store.ts";
import { watchDirectory } from "../watch-directory.ts";
import { CertificateStore } from "../certificates/store.ts";
import { PageWriter } from "../page/page-writer.ts";
import { serveStatus, StatusSocketError } from "../status/socket.ts";
import { every } from "./every.ts";
import { GeneralFiles } from "./general-files.ts";
import { GeneralLoop } from "./general-loop.ts";
import { reportOf, type TargetStanding } from "./report.ts";
import { PresetSource, withoutAside } from "./preset-source.ts";
import { recallAbsent } from "./recall.ts";
import { TargetRoutes } from "./target-routes.ts";
import { TargetTemplate } from "./target-template.ts";

/**
 * Follows the agents and keeps every target, until the signal aborts. Gives problems that only a person can mend.
 * `onRefresh` is told how to have templates and files looked at again.
 */
export async function run(
  config: Config,
  signal: AbortSignal,
  toLog: Log,
  onRefresh: (refresh: () => void) => void = () => undefined,
): Promise<{ readonly problems: string[] }> {
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
  const targets = loaded.filter((loop): loop is TargetLoop | GeneralLoop => !("problem" in loop));
  onRefresh(() => {
    for (const target of targets) target.refresh();
  });
  const take = (change: KnownChange): void => {
    const isComplete = subscriptions.every((subscription) => subscription.isComplete);
    for (const target of targets) target.take(change, isComplete);
    onLogged();
  };
  const report = (): Report =>
    reportOf(
      subscriptions.map(({ state }) => state),
      targets.map(({ standing }) => standing),
      subscriptions.flatMap(({ known }) => known),
    );
  const status = await startStatus(config.statusSocket, report);
  if (typeof status === "string") return { problems: [status] };
  const page = config.statusPage && new PageWriter(config.statusPage.directory, report, toLog);
  onLogged = () => page?.changed();
  for (const { reconciler } of targets) await reconciler.prepare();
  for (const target of targets) target.start(signal);
  await Promise.all(subscriptions.map(async (subscription) => await subscription.run(signal)));
  await Promise.all(targets.map(async ({ reconciler }) => await reconciler.stop()));
  await page?.stop();
  status.close();
  return { problems: [] };
}

async function load(
  target: Target,
  config: Config,
  log: Log,
): Promise<TargetLoop | GeneralLoop | { readonly problem: string }> {
  if (target.destination === "-") return { problem: "destination - is for `render` and `run --once`: name a file" };
  if (target.format !== undefined) {
    const files = await GeneralFiles.load(target);
    return "problem" in files ? files : new GeneralLoop(target, files, log);
  }
  const template = TargetTemplate.load(target, config);
  return "problem" in template ? template : new TargetLoop(target, template, config, log);
}

async function startStatus(path: string, report: () => Report): Promise<{ close: () => void } | string> {
  try {
    return await serveStatus(path, report);
  } catch (error) {
    if (error instanceof StatusSocketError) return `statusSocket: ${error.message}`;
    throw error;
  }
}

/** One target with what it publishes from. */
class TargetLoop {
  readonly reconciler: Reconciler<Published>;
  readonly #target: Target;
  readonly #template: TargetTemplate;
  readonly #routes: TargetRoutes;
  readonly #source: PresetSource;
  #asideBefore = new Set<string>();
  readonly #certificates: CertificateStore | undefined;
  readonly #files: FileStore;
  readonly #server: ReturnType<typeof chooseControl>;
  readonly #log: Log;
  /** Every agent has told all it knows. */
  #isComplete = false;
  #lastHold = "";
  #departure: NodeJS.Timeout | undefined;
  /** What is wrong with the template's file since it was last found good; said once. */
  #lastProblem = "";

  constructor(target: Target, template: TargetTemplate, config: Config, log: Log) {
    this.#target = target;
    this.#template = template;
    this.#log = log;
    this.#routes = new TargetRoutes(target, config.proxy);
    this.#server = chooseControl(target, log);
    this.#certificates = target.https && new CertificateStore(target.https.certificates, log);
    this.#files = new FileStore(target.nginx.files);
    template.use({
      ...(this.#certificates && { certificates: this.#certificates.certificates }),
      files: this.#files.settings,
    });
    const wanted = () => (this.#isComplete ? this.#routes.table.wanted : undefined);
    this.#source = new PresetSource(wanted, (routes) => template.print(routes));
    const { nothing, render, reduce } = this.#source;
    const published = (routes: Published): void => {
      this.#source.published(routes);
      this.#noteAside();
    };
    const volume = new Volume(target.destination, target);
    const source = { nothing, wanted, render, reduce, published };
    this.reconciler = new Reconciler({ volume, server: this.#server, wait: target.wait, log, ...source });
  }

  get standing(): TargetStanding {
    const { table, leftOut } = this.#routes;
    return {
      state: this.reconciler.state,
      routes: withoutAside(table.routes, this.#source.aside),
      leftOut,
      certificates: this.#certificates?.certificates,
    };
  }

  start(signal: AbortSignal): void {
    const { destination, reload, interval, reloadEvery } = this.#target;
    this.#log("info", "target.following", { destination, reload: nameOf(reload) });
    every(interval, () => this.refresh(), signal);
    every(reloadEvery, () => this.reconciler.tellAgain(), signal);
    watchDirectory(dirname(templatesOf(this.#target)[0] ?? ""), () => this.refresh(), signal);
    const laid = [...(this.#certificates ? [this.#certificates.directory] : []), ...this.#files.directories];
    for (const directory of laid) watchDirectory(directory, () => this.#lookAtFiles(), signal);
    signal.addEventListener("abort", () => clearTimeout(this.#departure), { once: true });
    signal.addEventListener(
      "abort",
      this.#server.onReady(() => this.reconciler.retryNow()),
      { once: true },
    );
  }

  /** Looks again at the template and at what is live; a template that cannot be used changes nothing. */
  refresh(): void {
    const template = templatesOf(this.#target)[0] ?? "";
    const found = this.#template.reread();
    if (found.kind === "changed") this.#log("info", "template.changed", { template });
    const problem = found.kind === "refused" ? found.problem : "";
    if (problem !== "" && problem !== this.#lastProblem) this.#log("error", "template.refused", { problem });
    this.#lastProblem = problem;
    this.#lookAtFiles();
    this.#source.tryAgain();
    this.reconciler.changed();
  }

  #lookAtFiles(): void {
    const [isOther, areOther] = [this.#certificates?.look() ?? false, this.#files.look()];
    if (!isOther && !areOther) return;
    this.#template.use({
      ...(this.#certificates && { certificates: this.#certificates.certificates }),
      files: this.#files.settings,
    });
    this.#source.tryAgain();
    this.reconciler.changed();
  }

  /** Says once which hosts are left out. */
  #noteAside(): void {
    const aside = this.#source.aside;
    for (const { name, reason, detail } of aside) {
      if (!this.#asideBefore.has(name)) this.#log("warn", "host.quarantined", { host: name, reason, detail });
    }
    this.#asideBefore = new Set(aside.map(({ name }) => name));
  }

  /** Hosts that nobody claims any more go when their time of grace is over. */
  #letGo(): void {
    const { table } = this.#routes;
    const changed = table.expire(performance.now());
    noteChange(changed, this.#log);
    if (changed.hosts.length > 0) this.reconciler.changed();
    this.#awaitDeparture();
  }

  #awaitDeparture(): void {
    clearTimeout(this.#departure);
    const due = this.#routes.table.nextDeparture;
    if (due !== undefined) this.#departure = setTimeout(() => this.#letGo(), Math.max(1, due - performance.now() + 1));
  }

  /** Only what changes a route is worth a pass; and the first time that all is known. */
  take(change: KnownChange, isComplete: boolean): void {
    const changed = this.#routes.apply(change);
    noteChange(changed, this.#log);
    for (const { id, name, host, reason, detail } of changed.leftOut) {
      this.#log("info", "container.unrouted", {
        container: name,
        id: id.slice(0, 12),
        dockerHost: host,
        reason,
        detail,
      });
    }
    const hold = this.#routes.table.hold ?? "";
    if (changed.hosts.length > 0 || isComplete !== this.#isComplete || hold !== this.#lastHold)
      this.reconciler.changed();
    this.#isComplete = isComplete;
    this.#lastHold = hold;
    this.#awaitDeparture();
  }
}
