import { dirname } from "node:path";
import type { Log } from "../../shared/log.ts";
import type { Config, Target } from "../config/schema.ts";
import { templatesOf } from "../config/template-target.ts";
import { CertificateStore } from "../nginx/certificates/store.ts";
import { FileStore } from "../nginx/operator-files/file-store.ts";
import type { InventoryChange } from "../inventory/inventory-change.ts";
import type { Destination } from "../publish/destination.ts";
import type { Editions } from "../publish/edition.ts";
import { editionsOf } from "./source.ts";
import { destinationOf, nameOf } from "../reload/choose.ts";
import { noteChange } from "../routes/journal.ts";
import type { Published } from "../routes/routes.ts";
import { watchDirectory } from "../disk/watch-directory.ts";
import { every } from "./every.ts";
import type { Keeper, Loop, Member } from "./target.ts";
import { presetMember } from "./preset-member.ts";
import { PresetSource, withoutAside } from "./preset-source.ts";
import type { TargetStatus } from "../status/build-report.ts";
import { TargetRoutes } from "./nginx-routes.ts";
import type { TargetTemplate } from "./nginx-template.ts";
import type { TargetState } from "../publish/target-progress.ts";

/** One target of the nginx preset with what it publishes from. */
export class PresetLoop implements Loop {
  readonly target: Target;
  readonly destination: Destination;
  readonly editions: Editions;
  readonly member: Member;
  #keeper: Keeper | undefined;
  readonly #template: TargetTemplate;
  readonly #routes: TargetRoutes;
  readonly #source: PresetSource;
  #asideBefore = new Set<string>();
  readonly #certificates: CertificateStore | undefined;
  readonly #files: FileStore;
  readonly #log: Log;
  /** Every agent has told all it knows. */
  #isComplete = false;
  #lastHold = "";
  #departure: NodeJS.Timeout | undefined;
  /** What is wrong with the template's file since it was last found good; said once. */
  #lastProblem = "";

  constructor(target: Target, template: TargetTemplate, config: Config, log: Log) {
    this.target = target;
    this.#template = template;
    this.#log = log;
    this.#routes = new TargetRoutes(target, config);
    this.destination = destinationOf(target, log);
    this.#certificates = target.https && new CertificateStore(target.https.certificates, log);
    this.#files = new FileStore(target.nginx.files, target.destination);
    template.use({
      ...(this.#certificates && { certificates: this.#certificates.certificates }),
      files: this.#files.settings,
    });
    const wanted = () => (this.#isComplete ? this.#routes.table.wanted : undefined);
    this.#source = new PresetSource(wanted, (routes) => template.print(routes));
    const { nothing, render, reduce, reduceLive } = this.#source;
    this.member = presetMember(this.#source, template, () => new TargetRoutes(target, config));
    const published = (routes: Published): void => {
      this.#source.published(routes);
      this.#noteAside();
    };
    const isReduced = target.onFailure === "leaveOut";
    this.editions = editionsOf({ nothing, wanted, render, published, ...(isReduced && { reduce, reduceLive }) });
  }

  standing(state: TargetState): TargetStatus {
    const { table, leftOut } = this.#routes;
    return {
      state,
      routes: withoutAside(table.routes, this.#source.aside),
      leftOut,
      settings: this.#template.settings,
      refusedTemplate: this.#lastProblem,
    };
  }

  start(keeper: Keeper, signal: AbortSignal): void {
    this.#keeper = keeper;
    const { destination, reload, interval, reloadEvery } = this.target;
    this.#log("info", "target.following", { destination, reload: nameOf(reload) });
    every(interval, () => this.refresh(), signal);
    every(reloadEvery, () => keeper.tellAgain(), signal);
    watchDirectory(dirname(templatesOf(this.target)[0] ?? ""), () => this.refresh(), signal);
    const laid = [...(this.#certificates ? [this.#certificates.directory] : []), ...this.#files.directories];
    for (const directory of laid) watchDirectory(directory, () => this.#lookAtFiles(), signal);
    // Each publication of our own changes this directory, and is no reason to read certificates and files again.
    if (this.#files.beside !== undefined) watchDirectory(this.#files.beside, () => this.#lookBeside(), signal);
    signal.addEventListener("abort", () => clearTimeout(this.#departure), { once: true });
    signal.addEventListener(
      "abort",
      this.destination.server.onReady(() => keeper.retryNow()),
      { once: true },
    );
  }

  /** Everybody who was set aside is tried again. */
  tryAgain(): void {
    this.#source.tryAgain();
  }

  /** Looks again at the template and at what is live; a template that cannot be used changes nothing. */
  refresh(): void {
    const template = templatesOf(this.target)[0] ?? "";
    const found = this.#template.reread();
    if (found.kind === "changed") this.#log("info", "template.changed", { template });
    const problem = found.kind === "refused" ? found.problem : "";
    const isNew = problem !== "" && problem !== this.#lastProblem;
    this.#lastProblem = problem;
    if (isNew) this.#log("error", "template.refused", { problem });
    this.#lookAtFiles();
    this.#keeper?.tryAgain();
  }

  #lookAtFiles(): void {
    const [isOther, areOther] = [this.#certificates?.look() ?? false, this.#files.look()];
    if (isOther || areOther) this.#useFiles();
  }

  #lookBeside(): void {
    if (this.#files.lookBeside()) this.#useFiles();
  }

  #useFiles(): void {
    this.#template.use({
      ...(this.#certificates && { certificates: this.#certificates.certificates }),
      files: this.#files.settings,
    });
    this.#keeper?.tryAgain();
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
    if (changed.hosts.length > 0) this.#keeper?.changed();
    this.#awaitDeparture();
  }

  #awaitDeparture(): void {
    clearTimeout(this.#departure);
    const due = this.#routes.table.nextDeparture;
    if (due !== undefined) this.#departure = setTimeout(() => this.#letGo(), Math.max(1, due - performance.now() + 1));
  }

  /** Only what changes a route is worth a pass; and the first time that all is known. */
  take(change: InventoryChange, isComplete: boolean): void {
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
    const hold = this.#routes.table.blocked ?? "";
    if (changed.hosts.length > 0 || isComplete !== this.#isComplete || hold !== this.#lastHold) this.#keeper?.changed();
    this.#isComplete = isComplete;
    this.#lastHold = hold;
    this.#awaitDeparture();
  }
}
