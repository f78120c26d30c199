import { setTimeout as sleep } from "node:timers/promises";
import type { Backoff } from "../../shared/backoff.ts";
import type { Log } from "../../shared/log.ts";
import { checkFiles } from "./candidates.ts";
import { dueAt, type Wait } from "./debounce.ts";
import type { Destination, Part } from "./destination.ts";
import { WriteError } from "../disk/safe-write.ts";
import type { Journal } from "./journal.ts";
import { recover, writeInitialFiles } from "./preparation.ts";
import type { Outcome } from "./outcome.ts";
import { publish, publishFiles } from "./publication.ts";
import type { RenderedFile } from "./rendered-file.ts";
import { Retry } from "./retry.ts";
import type { Revision, RevisionSource } from "./revision.ts";
import { TargetProgress, type TargetState } from "./target-progress.ts";
import { Turns } from "./turns.ts";

/** Retries after a failure that may pass: a full disk, a server that is down. */
const RETRY_FAILED = { firstMs: 250, capMs: 10_000 };

/** Retries of a rejected revision. It is usually rejected again, but the server may only have lacked a resource. */
const RETRY_REJECTED = { firstMs: 2_000, capMs: 300_000 };

/** Milliseconds a pass may take to finish when the process stops. Interrupting it is always safe. */
const STOP_MS = 1_000;

export interface ReconcilerOptions {
  /** Published together, or not at all. */
  readonly destinations: readonly Destination[];
  readonly source: RevisionSource;
  /** For several destinations: survives a crash between two of them. */
  readonly journal?: Journal;
  readonly wait: Wait;
  readonly log: Log;
  /** The publications of all targets of a run. */
  readonly turns?: Turns | undefined;
}

/** Keeps destinations equal to the next revision: one pass at a time, retried until it succeeds. */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #turns: Turns;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #firstChange: number | undefined;
  #isUrgent = false;
  /** Time of the first change that is not live yet, and start of the pass that runs, in milliseconds. */
  #pendingSince: number | undefined;
  #startedAt = 0;
  #lastPass = Number.NEGATIVE_INFINITY;
  readonly #retry = new Retry();
  readonly #progress: readonly TargetProgress[];
  #rejected: readonly RenderedFile[] | undefined;
  #isStopped = false;
  /** A failed preparation is repeated before the next pass. */
  #needsPreparation = false;
  /** What the next pass does for a destination even if its file is unchanged. */
  readonly #again = new Map<Destination, "reload" | "publish">();

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#turns = options.turns ?? new Turns();
    this.#progress = options.destinations.map(({ volume }) => new TargetProgress(volume.live, options.log));
  }

  /** The state of each destination, in their order. */
  get states(): readonly TargetState[] {
    return this.#progress.map(({ state }) => state);
  }

  /** Repairs what a killed process left, and writes an initial file to destinations that have none. */
  async prepare(): Promise<void> {
    await this.#prepare();
    if (this.#needsPreparation && this.#retry.dueAt !== undefined) {
      this.#schedule(this.#retry.dueAt - performance.now());
    }
  }

  async #prepare(): Promise<void> {
    this.#needsPreparation = true;
    try {
      this.#noteInPlace();
      await recover(this.#options);
      for (const [index, { volume }] of this.#options.destinations.entries()) {
        this.#progress[index]?.restore(volume.readState().generation);
      }
      const written = await writeInitialFiles(this.#options);
      if ("error" in written) return this.#fail(written.error);
      for (const index of written) this.#progress[index]?.initialized();
      this.#needsPreparation = false;
    } catch (error) {
      this.#fail(describe(error));
    }
  }

  /** Schedules a pass. An urgent one does not wait for further changes. */
  changed(isUrgent = false): void {
    const now = performance.now();
    this.#firstChange ??= now;
    this.#isUrgent ||= isUrgent;
    const due = this.#isUrgent ? now : dueAt(this.#options.wait, this.#lastPass, this.#firstChange, now);
    this.#schedule(due - now);
  }

  /** Schedules a pass that also tries a rejected revision again. */
  retryNow(): void {
    this.#rejected = undefined;
    this.changed();
  }

  /** Schedules a reload of this destination's server, even if its file is unchanged. */
  reload(destination: Destination): void {
    if (!this.#again.has(destination)) this.#again.set(destination, "reload");
    this.changed();
  }

  /** Schedules a pass that checks and publishes this destination's file, even if it is unchanged. */
  republish(destination: Destination): void {
    this.#again.set(destination, "publish");
    this.retryNow();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    for (const progress of this.#progress) progress.stop();
    await Promise.race([this.#running, sleep(STOP_MS)]);
  }

  /** Resolves when the pass that is running has finished. */
  async drained(): Promise<void> {
    await this.#running;
  }

  #noteInPlace(): void {
    for (const [index, { volume }] of this.#options.destinations.entries()) {
      if (volume.isInPlace) this.#progress[index]?.writtenInPlace();
    }
  }

  #schedule(delayMs: number): void {
    if (this.#running || this.#isStopped) return;
    clearTimeout(this.#timer);
    // A timer takes at least a millisecond.
    if (delayMs <= 0) this.#start();
    else this.#timer = setTimeout(() => this.#start(), delayMs);
  }

  #start(): void {
    this.#running = this.#pass().finally(() => this.#finished());
  }

  #finished(): void {
    this.#running = undefined;
    this.#lastPass = performance.now();
    if (this.#firstChange !== undefined) this.changed();
    else if (this.#retry.dueAt !== undefined) this.#schedule(this.#retry.dueAt - this.#lastPass);
  }

  async #pass(): Promise<void> {
    // Changes of the same turn belong to the same pass.
    await new Promise((resolve) => setImmediate(resolve));
    this.#startedAt = performance.now();
    this.#pendingSince ??= this.#firstChange ?? this.#startedAt;
    this.#firstChange = undefined;
    this.#isUrgent = false;
    try {
      if (this.#needsPreparation) await this.#prepare();
      if (this.#needsPreparation || this.#isStopped) return;
      const next = await this.#options.source.next();
      if (this.#isStopped) return;
      // A retry is due again only after another failure.
      if (!next) {
        this.#retry.clear();
        this.#pendingSince = undefined;
      }
      if (next?.kind === "revision") await this.#publish(next);
      else if (next?.kind === "blocked") this.#block(next.reason);
      else if (next) this.#reject(next.error);
    } catch (error) {
      this.#fail(describe(error));
    }
  }

  async #publish(revision: Revision): Promise<void> {
    if (areEqual(revision.files, this.#rejected) && performance.now() < (this.#retry.dueAt ?? 0)) return;
    const due = new Map(this.#again);
    const parts = this.#partsOf(revision.files).map((part, index) => ({
      ...part,
      again: due.get(this.#options.destinations[index]!),
    }));
    let [outcome, published] = [await this.#publishParts(parts), revision];
    this.#noteInPlace();
    const reduced = outcome.kind === "rejected" ? await this.#reduce(revision, outcome.by) : undefined;
    if (reduced) {
      outcome = await this.#publishParts(this.#partsOf(reduced.files));
      published = reduced;
    }
    // What is due stays due until it succeeds.
    if (outcome.kind === "published")
      for (const [destination, what] of due) if (this.#again.get(destination) === what) this.#again.delete(destination);
    this.#report(published, outcome);
  }

  async #publishParts(parts: readonly Part[]): Promise<Outcome> {
    return await this.#inTurn(async () => await publish(parts, this.#options.journal));
  }

  async #inTurn<T>(publication: () => Promise<T>): Promise<T> {
    return await this.#turns.take(
      this.#options.destinations.map(({ reload }) => reload),
      publication,
    );
  }

  /** The revision without the units that were rejected; undefined if there is none. */
  async #reduce(revision: Revision, by: "check" | "reload"): Promise<Revision | undefined> {
    const { journal } = this.#options;
    const reduced = await revision.reduce?.(by, async (files) => {
      const parts = this.#partsOf(files);
      return by === "check"
        ? await checkFiles(parts)
        : await this.#inTurn(async () => await publishFiles(parts, journal));
    });
    return reduced?.kind === "revision" ? reduced : undefined;
  }

  #partsOf(files: readonly RenderedFile[]): Part[] {
    return this.#options.destinations.map((destination, index) => ({ ...destination, wanted: files[index]! }));
  }

  #report(revision: Revision, outcome: Outcome): void {
    if (outcome.kind === "pending") return this.#fail(outcome.message, "absent");
    if (outcome.kind === "rejected") return this.#reject(outcome.message, revision.files, outcome.by);
    this.#retry.clear();
    this.#rejected = undefined;
    const generations = outcome.kind === "published" ? outcome.generations : [];
    const now = performance.now();
    const durations = {
      durationMs: Math.round(now - this.#startedAt),
      changeToLiveMs: Math.round(now - (this.#pendingSince ?? now)),
    };
    this.#pendingSince = undefined;
    for (const [index, { hash }] of revision.files.entries()) {
      this.#progress[index]?.isLive(hash, durations, generations[index]);
    }
    revision.published();
  }

  /** There is nothing to publish until something changes. */
  #block(reason: string): void {
    this.#retry.clear();
    this.#trouble("absent", reason);
  }

  #reject(error: string, files?: readonly RenderedFile[], by?: "check" | "reload"): void {
    if (files && !areEqual(files, this.#rejected)) this.#retry.clear();
    if (files) this.#rejected = files;
    this.#retryLater(RETRY_REJECTED);
    this.#trouble("rejected", error, by);
  }

  #fail(error: string, kind: "failed" | "absent" = "failed"): void {
    this.#retryLater(RETRY_FAILED);
    this.#trouble(kind, error);
  }

  #trouble(kind: "rejected" | "failed" | "absent", error: string, by?: "check" | "reload"): void {
    for (const progress of this.#progress) progress.troubled(kind, error, by);
  }

  #retryLater(bounds: Backoff): void {
    this.#retry.failed(performance.now(), bounds, Math.random());
  }
}

function areEqual(files: readonly RenderedFile[], others: readonly RenderedFile[] | undefined): boolean {
  return others !== undefined && files.every((file, index) => file.equals(others[index]));
}

function describe(error: unknown): string {
  if (error instanceof WriteError) return error.message;
  return error instanceof Error ? `${error.name}: ${error.message}` : "unknown error";
}
