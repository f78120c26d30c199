import { basename, join } from "node:path";
import * as z from "zod";
import type { Backoff } from "../../shared/backoff.ts";
import type { Log } from "../../shared/log.ts";
import { CacheFile } from "../inventory/cache-file.ts";
import type { InventoryChange } from "../inventory/inventory-change.ts";
import type { Wait } from "../publish/debounce.ts";
import type { Destination } from "../publish/destination.ts";
import { Journal } from "../publish/journal.ts";
import { Reconciler } from "../publish/reconciler.ts";
import { RenderedFile } from "../publish/rendered-file.ts";
import type { NextRevision, Revision, RevisionSource, Trial } from "../publish/revision.ts";
import type { ServerState } from "../publish/server-control.ts";
import type { Turns } from "../publish/turns.ts";
import type { TargetStatus } from "../status/build-report.ts";
import type { Volume } from "../publish/volume.ts";
import { type Attempt, bisect, type Bisected } from "./bisect.ts";
import { Quarantine, type QuarantineCode, type QuarantineEntry } from "./quarantine.ts";
import { QuarantineReport } from "./quarantine-report.ts";
import { QuarantineRetry } from "./quarantine-retry.ts";
import type { Rendered, Target } from "./target.ts";

/** Limits of one bisection. A reload is slow: nginx takes some seconds to give up on a configuration. */
const MAX_RENDERINGS = 64;
const MAX_CHECKS = 64;
const MAX_RELOADS = 8;

/** Milliseconds until live units are recorded. A record that is slightly old only costs some more checks after a crash. */
const UNITS_MS = 5_000;

/** The error of units that a bisection did not reach. */
const UNTRIED = "not isolated: too many failing units to test one by one; will be retried";

export interface PublishGroupOptions {
  readonly log: Log;
  /** When quarantined units are retried. */
  readonly quarantineRetry?: Backoff | undefined;
  /** The publications of all groups of a run. */
  readonly turns?: Turns;
}

/**
 * Targets that are published together: from one inventory, all or none. A unit that one of the files cannot contain is
 * quarantined from all of them. Owns quarantine, bisection by check and by reload, timed retry and the reconciler.
 */
export class PublishGroup<Unit extends object> implements RevisionSource {
  readonly targets: readonly [Target<Unit>, ...Target<Unit>[]];
  readonly #reconciler: Reconciler;
  readonly #quarantine = new Quarantine<Unit>();
  /** Entries that are being retried. They are not live until the next publication. */
  #retried: readonly QuarantineEntry<Unit>[] = [];
  /** Whether the next pass tries quarantined units again. */
  #isRetryDue = false;
  readonly #report: QuarantineReport<Unit>;
  readonly #retry: QuarantineRetry;
  /** Whether units are never quarantined: nothing is published until all succeed. */
  readonly #keepsAll: boolean;
  /** The units of the live revision; undefined until this process has published one. */
  #live: readonly Unit[] | undefined;
  /** The keys of the live units: after a restart, a bisection must know which units it can trust. */
  readonly #liveUnits: CacheFile<string[]>;
  /** Keys of the units that an earlier process published last. */
  #earlier: ReadonlySet<string> = new Set();
  readonly #firstPublication: Promise<void>;
  #isLive: () => void = () => undefined;
  #isStarted = false;
  /** Whether a server cannot start with the live file: then a file without any unit is better. */
  #isBlocked = false;

  constructor(
    targets: readonly [Target<Unit>, ...Target<Unit>[]],
    { log, quarantineRetry, turns }: PublishGroupOptions,
  ) {
    const [{ config: first, destination }] = targets;
    this.targets = targets;
    this.#keepsAll = targets.some(({ config }) => config.onFailure === "keep");
    this.#report = new QuarantineReport(targets, log);
    this.#retry = new QuarantineRetry(() => this.#retryQuarantined(), quarantineRetry);
    this.#firstPublication = new Promise((resolve) => (this.#isLive = resolve));
    const units = join(destination.volume.own, `${basename(first.destination)}.units.json`);
    this.#liveUnits = new CacheFile(units, z.array(z.string()), UNITS_MS, log);
    this.#reconciler = new Reconciler({
      destinations: targets.map((target) => target.destination),
      source: this,
      ...(first.transaction !== undefined && {
        journal: new Journal(join(destination.volume.own, `${first.transaction}.transaction.json`)),
      }),
      wait: longest(targets.map(({ config }) => config.wait)),
      log,
      turns,
    });
  }

  /** Resolves when a complete inventory is live in all files for the first time. */
  get firstPublication(): Promise<void> {
    return this.#firstPublication;
  }

  /** The volumes of targets that are printed to standard output. */
  get outputs(): readonly Volume[] {
    return this.targets.flatMap(({ config, destination }) => (config.destination === "-" ? [destination.volume] : []));
  }

  get statuses(): readonly TargetStatus[] {
    const { states } = this.#reconciler;
    const entries = this.#notLive;
    const units = new Set(entries.map(({ unit }) => unit));
    return this.targets.map((target, index) => {
      const status = { ...target.status(states[index]!, units), transaction: target.config.transaction };
      if (index > 0 || units.size === 0) return status;
      return { ...status, quarantined: [...status.quarantined, ...this.#report.describe(entries)] };
    });
  }

  /** Repairs what a killed process left. Called before anything is known. */
  async prepare(): Promise<void> {
    const found = this.#liveUnits.read();
    this.#earlier = new Set(found.kind === "value" ? found.value : []);
    await this.#reconciler.prepare();
  }

  /** Watches the targets' inputs and publishes every change. */
  start(signal: AbortSignal): void {
    this.#isStarted = true;
    for (const target of this.targets) {
      const listener = {
        changed: () => this.#reconciler.changed(),
        retryQuarantined: () => this.#retryQuarantined(),
        serverChanged: (state: ServerState) => {
          if (state === "blocked") this.#distrust(target.destination);
          else this.#reconciler.retryNow();
        },
        reload: () => this.#reconciler.reload(target.destination),
      };
      target.watch(listener, signal);
    }
    signal.addEventListener("abort", () => this.#retry.stop(), { once: true });
  }

  /** Applies a change of the inventory. `isComplete`: every agent has reported its containers. */
  apply(change: InventoryChange, isComplete: boolean): void {
    const changed = this.targets.map((target) => target.apply(change, isComplete));
    const isQuarantineAffected = this.#notLive.length > 0;
    if (this.#isStarted && (changed.some(Boolean) || isQuarantineAffected)) {
      this.#reconciler.changed(changed.includes("urgent"));
    }
  }

  /** Reads templates and files again, and tries again what failed, without waiting. */
  refresh(): void {
    for (const target of this.targets) target.refresh();
    this.#retryQuarantined();
    this.#reconciler.retryNow();
  }

  /** Resolves when no publication is running any more. `stop` only waits for a moment. */
  async drained(): Promise<void> {
    await this.#reconciler.drained();
  }

  async stop(): Promise<void> {
    await this.#reconciler.stop();
    await this.#liveUnits.flush();
    for (const target of this.targets) await target.close();
  }

  readonly initial: RevisionSource["initial"] = async () => {
    const rendered = await Promise.all(this.targets.map(async (target) => await target.render([], "trial")));
    const files = this.#filesOf(rendered);
    return typeof files === "string" ? { kind: "failed", error: files } : { kind: "revision", files };
  };

  readonly next = async (): Promise<NextRevision | undefined> => {
    if (this.#isRetryDue) this.#releaseQuarantined();
    return await this.#render();
  };

  /** Renders until every unit that is not quarantined can be rendered into every file. */
  async #render(): Promise<NextRevision | undefined> {
    for (;;) {
      const lists: (readonly Unit[])[] = [];
      for (const target of this.targets) {
        const units = target.units();
        if (units === undefined || "kind" in units) return units;
        lists.push(units);
      }
      const all = union(lists);
      this.#retain(all);
      // All files begin to render in one turn, so that they are made from one inventory.
      const rendering = this.targets.map(
        async (target, index) => await target.render(this.#quarantine.without(lists[index]!), "revision"),
      );
      const units = this.#quarantine.without(all);
      const rendered = await Promise.all(rendering);
      const files = this.#filesOf(rendered);
      if (typeof files !== "string") {
        this.#report.log(this.#quarantine.entries);
        return this.#revisionOf(all, units, files);
      }
      if (this.#keepsAll || units.length === 0) {
        return { kind: "failed", error: `${files}${this.#keepsAll ? "; `onFailure: keep` keeps the live file" : ""}` };
      }
      const failure = await this.#quarantineFailing(rendered, lists, files);
      if (failure !== undefined) return { kind: "failed", error: failure };
      if (this.#isNothingLeft(all)) {
        this.#quarantine.clear();
        return { kind: "failed", error: `${files}; every container fails` };
      }
    }
  }

  /** Quarantines the units that cannot be rendered. Returns why that is not possible. */
  async #quarantineFailing(
    rendered: readonly Rendered<Unit>[],
    lists: readonly (readonly Unit[])[],
    error: string,
  ): Promise<string | undefined> {
    const before = this.#quarantine.size;
    for (const [index, one] of rendered.entries()) {
      if (one.kind === "failing") {
        for (const { unit, error: why } of one.failing) {
          this.#quarantine.add({ unit, code: "render.failed", error: this.#labelled(why, index) });
        }
      } else if (one.kind === "failed") {
        if (one.cause === "template") return error;
        const target = this.targets[index]!;
        const units = this.#quarantine.without(lists[index]!);
        const attempt: Attempt<Unit> = async (some) => errorOf(await target.render(inOrderOf(units, some), "trial"));
        const found = await bisect(this.#byTrust(units), attempt, MAX_RENDERINGS);
        if (found.kind === "hopeless") return this.#labelled(found.error, index);
        this.#add(found, "render.failed");
      }
    }
    return this.#quarantine.size > before ? undefined : error;
  }

  #revisionOf(all: readonly Unit[], units: readonly Unit[], files: readonly RenderedFile[]): Revision {
    const quarantined = this.#quarantine.units;
    return {
      kind: "revision",
      files,
      ...(!this.#keepsAll && { reduce: async (by, trial) => await this.#reduce(all, units, by, trial) }),
      published: () => {
        this.#live = units;
        this.#liveUnits.changed(() => units.map((unit) => this.targets[0].keyOf(unit)));
        this.#isBlocked = false;
        for (const target of this.targets) target.published?.(units);
        // A retry that was requested meanwhile has not been rendered yet.
        if (this.#quarantine.size === quarantined.size) this.#retried = [];
        this.#report.published(quarantined);
        this.#retry.published(quarantined.size);
        this.#isLive();
      },
    };
  }

  /**
   * Quarantines the units that a check or a reload rejects. If no unit is new, the cause is not a unit (an operator's file,
   * for example), and the live revision stays. If an operator's file has changed since it was read, it may be the cause:
   * all units are rendered again.
   */
  async #reduce(
    all: readonly Unit[],
    units: readonly Unit[],
    by: "check" | "reload",
    trial: Trial,
  ): Promise<NextRevision | undefined> {
    if (this.#reread()) return await this.#render();
    const live = new Set(this.#live);
    if (units.length === live.size && units.every((unit) => live.has(unit))) return undefined;
    const found = by === "check" ? await this.#bisectByCheck(units, trial) : await this.#bisectByReload(units, trial);
    if (this.#reread()) return await this.#render();
    if (found.kind === "hopeless") return undefined;
    // The next pass continues where this one ends.
    if (!this.#add(found, by === "check" ? "check.rejected" : "reload.rejected")) return undefined;
    // An empty configuration is never better than a partial one.
    if (this.#isNothingLeft(all)) {
      this.#quarantine.clear();
      return undefined;
    }
    return await this.#render();
  }

  #reread(): boolean {
    return this.targets.map((target) => target.reread?.() === true).some(Boolean);
  }

  async #bisectByCheck(units: readonly Unit[], trial: Trial): Promise<Bisected<Unit>> {
    const attempt: Attempt<Unit> = async (some) => await this.#try(inOrderOf(units, some), trial);
    return await bisect(this.#byTrust(units), attempt, MAX_CHECKS);
  }

  /** Each attempt becomes live for a moment, so a changed unit keeps its last live version until it is tried. */
  async #bisectByReload(units: readonly Unit[], trial: Trial): Promise<Bisected<Unit>> {
    const [{ keyOf }] = this.targets;
    const isSuspect = (unit: Unit): boolean => this.targets.some((target) => target.isSuspect(unit));
    // After a restart it is unknown whether a unit has changed.
    const before = this.#live ?? this.#byTrust(units).trusted.filter((unit) => !isSuspect(unit));
    const live = new Map(before.map((unit) => [keyOf(unit), unit]));
    const changed = units.filter((unit) => live.get(keyOf(unit)) !== unit);
    const attempt: Attempt<Unit> = async (some) => {
      const taken = new Set(some);
      const tried = units.flatMap((unit) => (taken.has(unit) ? unit : (live.get(keyOf(unit)) ?? [])));
      // Of several units an empty file is never published, so it need not be tried.
      return tried.length === 0 && (units.length > 1 || live.size > 0) ? undefined : await this.#try(tried, trial);
    };
    const trusted = changed.some(isSuspect) ? changed.filter((unit) => !isSuspect(unit)) : [];
    const suspects = trusted.length === 0 ? changed : changed.filter(isSuspect);
    return await bisect({ trusted, suspects }, attempt, MAX_RELOADS);
  }

  /** Returns why all files with these units only are rejected, or undefined. */
  async #try(units: readonly Unit[], trial: Trial): Promise<string | undefined> {
    const taken = new Set(units);
    const rendered: Rendered<Unit>[] = [];
    for (const target of this.targets) {
      const own = target.units();
      const hasList = own !== undefined && !("kind" in own) && this.targets.length > 1;
      const some = hasList ? this.#onlyOf(own, taken, target) : units;
      rendered.push(await target.render(some, "trial"));
    }
    const files = this.#filesOf(rendered);
    return typeof files === "string" ? files : await trial(files);
  }

  /** The units of this list that the target has: a file of the group need not contain every unit. */
  #onlyOf(own: readonly Unit[], units: ReadonlySet<Unit>, { keyOf }: Target<Unit>): readonly Unit[] {
    const keys = new Set(own.map(keyOf));
    return [...units].filter((unit) => keys.has(keyOf(unit)));
  }

  /** The files, or why one of them cannot be rendered. */
  #filesOf(rendered: readonly Rendered<Unit>[]): readonly RenderedFile[] | string {
    const files: RenderedFile[] = [];
    for (const [index, one] of rendered.entries()) {
      if (one.kind !== "text") return this.#labelled(errorOf(one, this.targets[index]) ?? "", index);
      files.push(new RenderedFile(one.text));
    }
    return files;
  }

  /**
   * Quarantines the units that failed. Those that were not tried are quarantined, too, except live ones. Returns whether
   * the others can be published.
   */
  #add(found: Bisected<Unit>, code: QuarantineCode): boolean {
    if (found.kind === "hopeless") return false;
    for (const { unit, error } of found.failing) this.#quarantine.add({ unit, code, error });
    const { trusted, suspects } = this.#byTrust(found.untried);
    for (const unit of suspects) this.#quarantine.add({ unit, code, error: UNTRIED });
    return trusted.length === 0;
  }

  /** Separates units that were live before. */
  #byTrust(units: readonly Unit[]): { trusted: readonly Unit[]; suspects: readonly Unit[] } {
    const { keyOf } = this.targets[0];
    const live = new Set(this.#live);
    const isTrusted = (unit: Unit): boolean => (this.#live ? live.has(unit) : this.#earlier.has(keyOf(unit)));
    return { trusted: units.filter(isTrusted), suspects: units.filter((unit) => !isTrusted(unit)) };
  }

  /**
   * Returns whether every unit fails, so that the live file is better than an empty one. Only a first and single unit is
   * quarantined without another one being left.
   */
  #isNothingLeft(all: readonly Unit[]): boolean {
    if (this.#isBlocked) return false;
    return (
      (all.length > 1 || (this.#live?.length ?? this.#earlier.size) > 0) && this.#quarantine.without(all).length === 0
    );
  }

  #labelled(error: string, index: number): string {
    return this.targets.length > 1 ? `${this.targets[index]!.config.destination}: ${error}` : error;
  }

  /** Forgets quarantined units that no longer exist. */
  #retain(all: readonly Unit[]): void {
    this.#quarantine.retain(all);
    if (this.#retried.length === 0) return;
    const existing = new Set(all);
    this.#retried = this.#retried.filter(({ unit }) => existing.has(unit));
  }

  get #notLive(): readonly QuarantineEntry<Unit>[] {
    const { units, entries } = this.#quarantine;
    return [...entries, ...this.#retried.filter(({ unit }) => !units.has(unit))];
  }

  /** The server rejects the live file, so any of its units may be the cause. */
  #distrust(destination: Destination): void {
    this.#live = [];
    this.#isBlocked = true;
    this.#reconciler.republish(destination);
  }

  /** A pass may be running that quarantines units by their old files, so they are released when the next one starts. */
  #retryQuarantined(): void {
    this.#isRetryDue = true;
    this.#reconciler.changed();
  }

  #releaseQuarantined(): void {
    this.#isRetryDue = false;
    this.#retried = this.#notLive;
    this.#quarantine.clear();
  }
}

/** Why a file was not rendered; with the container's name if one container is the cause. */
function errorOf<Unit extends object>(rendered: Rendered<Unit>, target?: Target<Unit>): string | undefined {
  if (rendered.kind === "text") return undefined;
  if (rendered.kind === "failed") return rendered.error;
  const [first] = rendered.failing;
  if (!first) return "rendering failed";
  return target ? `container ${target.describe(first.unit).name}: ${first.error}` : first.error;
}

function union<Unit>(lists: readonly (readonly Unit[])[]): readonly Unit[] {
  return lists.length === 1 ? lists[0]! : [...new Set(lists.flat())];
}

function inOrderOf<Unit>(units: readonly Unit[], some: readonly Unit[]): readonly Unit[] {
  const taken = new Set(some);
  return units.filter((unit) => taken.has(unit));
}

/** The longest debounce in the group applies. */
function longest(waits: readonly Wait[]): Wait {
  return {
    minMs: Math.max(...waits.map(({ minMs }) => minMs)),
    maxMs: Math.max(...waits.map(({ maxMs }) => maxMs)),
  };
}
