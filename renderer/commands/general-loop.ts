import { dirname } from "node:path";
import type { Log } from "../../shared/log.ts";
import type { Target } from "../config.ts";
import { templatesOf } from "../config-general.ts";
import type { KnownChange } from "../inventory/known.ts";
import type { Destination } from "../publish/destination.ts";
import type { Editions } from "../publish/edition.ts";
import { Retry } from "../publish/retry.ts";
import { editionsOf } from "../publish/source.ts";
import type { TargetState } from "../publish/target-progress.ts";
import { destinationOf, nameOf } from "../reload/choose.ts";
import { NO_ROUTES } from "../routes/routes.ts";
import { watchDirectory } from "../watch-directory.ts";
import { every } from "./every.ts";
import type { GeneralFiles } from "./general-files.ts";
import { GeneralSource } from "./general-source.ts";
import type { Keeper, Loop } from "./loop.ts";
import type { TargetStanding } from "./report.ts";

/** How often those are tried again that are left out: a check looks at more than the file, and a thread may be slow. */
const RETRY_ASIDE = { firstMs: 30_000, capMs: 600_000 };

/** One general target with what it publishes from. */
export class GeneralLoop implements Loop {
  readonly target: Target;
  readonly destination: Destination;
  readonly editions: Editions;
  #keeper: Keeper | undefined;
  readonly #files: GeneralFiles;
  readonly #source: GeneralSource;
  readonly #log: Log;
  readonly #retry = new Retry();
  #timer: NodeJS.Timeout | undefined;
  #said = new Set<string>();
  #lastProblem = "";

  constructor(target: Target, files: GeneralFiles, log: Log) {
    this.target = target;
    this.#files = files;
    this.#log = log;
    this.destination = destinationOf(target, log);
    const source = new GeneralSource(target, files);
    this.#source = source;
    this.editions = editionsOf({
      nothing: source.nothing,
      wanted: source.wanted,
      render: async (wanted) => {
        const text = await source.render(wanted);
        this.#sayAside();
        return text;
      },
      reduce: source.reduce,
      published: (wanted) => {
        source.published(wanted);
        this.#tryAgainLater();
      },
    });
  }

  standing(state: TargetState): TargetStanding {
    const routes = { ...NO_ROUTES, quarantined: this.#source.aside };
    return { state, routes, leftOut: [], certificates: undefined, isGeneral: true };
  }

  start(keeper: Keeper, signal: AbortSignal): void {
    this.#keeper = keeper;
    const { destination, reload, interval, reloadEvery, includes } = this.target;
    this.#log("info", "target.following", { destination, reload: nameOf(reload) });
    every(interval, () => this.refresh(), signal);
    every(reloadEvery, () => keeper.tellAgain(), signal);
    const watched = [
      ...templatesOf(this.target).map((file) => dirname(file)),
      ...(includes === undefined ? [] : [includes]),
    ];
    for (const directory of new Set(watched)) watchDirectory(directory, () => this.refresh(), signal);
    const stopListening = this.destination.server.onReady(() => keeper.retryNow());
    const stop = (): void => {
      clearTimeout(this.#timer);
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
  take(change: KnownChange, isComplete: boolean): void {
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
    const found = await this.#files.reread();
    if (found.kind === "changed") {
      this.#log("info", "template.changed", { template: templatesOf(this.target)[0] });
      this.#keeper?.tryAgain();
    }
    const problem = found.kind === "refused" ? found.problem : "";
    if (problem !== "" && problem !== this.#lastProblem) this.#log("error", "template.refused", { problem });
    this.#lastProblem = problem;
  }

  /** Says of each container once why it is left out. */
  #sayAside(): void {
    const { aside } = this.#source;
    for (const { id, name, host, reason, detail } of aside) {
      if (!this.#said.has(`${host} ${id} ${detail}`))
        this.#log("warn", "container.quarantined", {
          container: name,
          id: id.slice(0, 12),
          dockerHost: host,
          reason,
          detail,
        });
    }
    this.#said = new Set(aside.map(({ id, host, detail }) => `${host} ${id} ${detail}`));
  }

  #tryAgainLater(): void {
    if (this.#source.aside.length === 0) this.#retry.clear();
    else if (this.#timer === undefined) {
      const now = performance.now();
      this.#retry.failed(now, RETRY_ASIDE, Math.random());
      this.#timer = setTimeout(() => this.#tryAgain(), (this.#retry.dueAt ?? now) - now).unref();
    }
  }

  #tryAgain(): void {
    this.#timer = undefined;
    this.#keeper?.tryAgain();
  }
}
