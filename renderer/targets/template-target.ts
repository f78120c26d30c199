import { dirname } from "node:path";
import type { Log } from "../../shared/log.ts";
import type { Target } from "../config/schema.ts";
import { templatesOf } from "../config/template-target.ts";
import type { InventoryChange } from "../inventory/inventory-change.ts";
import type { Destination } from "../publish/destination.ts";
import type { Editions } from "../publish/edition.ts";
import { editionsOf } from "./source.ts";
import type { TargetState } from "../publish/target-progress.ts";
import { destinationOf, nameOf } from "../reload/choose.ts";
import { NO_ROUTES } from "../routes/routes.ts";
import { directoryState } from "../disk/directory-state.ts";
import { watchDirectory } from "../disk/watch-directory.ts";
import { AsideLog } from "./quarantine-log.ts";
import { every } from "./every.ts";
import type { GeneralFiles } from "./template-files.ts";
import { GeneralSource } from "./general-source.ts";
import type { Keeper, Loop, Member } from "./target.ts";
import type { TargetStatus } from "../status/build-report.ts";
import { RetryAside } from "./quarantine-retry.ts";

/** One general target with what it publishes from. */
export class GeneralLoop implements Loop {
  readonly target: Target;
  readonly destination: Destination;
  readonly editions: Editions;
  readonly member: Member;
  #keeper: Keeper | undefined;
  readonly #files: GeneralFiles;
  readonly #source: GeneralSource;
  readonly #log: Log;
  readonly #retry = new RetryAside(() => this.#keeper?.tryAgain());
  readonly #asideLog: AsideLog;
  #lastProblem = "";
  /** How the files were that can be included. */
  #included = "";

  constructor(target: Target, files: GeneralFiles, log: Log) {
    this.target = target;
    this.#files = files;
    this.#log = log;
    this.destination = destinationOf(target, log);
    this.#asideLog = new AsideLog(log);
    const source = new GeneralSource(target, files);
    this.#source = source;
    this.member = {
      nothing: async () => await source.render(source.nothing),
      print: () => {
        const wanted = source.wanted();
        return wanted && source.render(wanted).then((text) => ({ text, failed: source.unprintable }));
      },
      printOf: source.printOf,
      needs: () => false,
    };
    this.editions = editionsOf({
      nothing: source.nothing,
      wanted: source.wanted,
      render: async (wanted) => {
        const text = await source.render(wanted);
        this.#asideLog.say(source.aside);
        return text;
      },
      reduce: source.reduce,
      published: (wanted) => {
        source.published(wanted);
        this.#retry.published(source.aside.length);
      },
    });
  }

  standing(state: TargetState): TargetStatus {
    const routes = { ...NO_ROUTES, quarantined: this.#source.aside };
    const { listing } = this.#source;
    return { state, routes, leftOut: [], settings: undefined, listing, refusedTemplate: this.#lastProblem };
  }

  start(keeper: Keeper, signal: AbortSignal): void {
    this.#keeper = keeper;
    const { destination, reload, interval, reloadEvery, includes } = this.target;
    this.#log("info", "target.following", { destination, reload: nameOf(reload) });
    every(interval, () => this.refresh(), signal);
    every(reloadEvery, () => keeper.tellAgain(), signal);
    const watched = templatesOf(this.target).map((file) => dirname(file));
    for (const directory of new Set(watched)) watchDirectory(directory, () => this.refresh(), signal);
    if (includes !== undefined) watchDirectory(includes, () => this.refresh(), signal, "below");
    const stopListening = this.destination.server.onReady(() => keeper.retryNow());
    const stop = (): void => {
      this.#retry.stop();
      stopListening();
      void this.#files.close();
    };
    signal.addEventListener("abort", stop, { once: true });
  }

  /** Everybody who was set aside is tried again. */
  tryAgain(): void {
    this.#source.tryAgain();
  }

  /** Looks again at the templates, what they include and what is live; templates that cannot be used change nothing. */
  refresh(): void {
    void this.#reread().then(() => this.#keeper?.changed());
  }

  /** Only what changes a container of this target is worth a pass; and the first time that all is known. */
  take(change: InventoryChange, isComplete: boolean): void {
    const { isChanged, leftOut } = this.#source.apply(change);
    const { destination } = this.target;
    for (const { known, why } of leftOut) {
      const { name, id } = known.container;
      this.#log("info", "container.unlisted", {
        destination,
        container: name,
        id: id.slice(0, 12),
        dockerHost: known.host,
        detail: why,
      });
    }
    const wasComplete = this.#source.isComplete;
    this.#source.isComplete = isComplete;
    if (isChanged || isComplete !== wasComplete) this.#keeper?.changed();
  }

  async #reread(): Promise<void> {
    const included = this.target.includes === undefined ? "" : directoryState(this.target.includes);
    // Who was set aside may have been for want of a file.
    if (included !== this.#included) this.#keeper?.tryAgain();
    this.#included = included;
    const found = await this.#files.reread();
    if (found.kind === "changed") {
      this.#log("info", "template.changed", { template: templatesOf(this.target)[0] });
      this.#keeper?.tryAgain();
    }
    const problem = found.kind === "refused" ? found.problem : "";
    const isNew = problem !== "" && problem !== this.#lastProblem;
    this.#lastProblem = problem;
    if (isNew) this.#log("error", "template.refused", { problem });
  }
}
