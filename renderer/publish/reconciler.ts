import { setTimeout as sleep } from "node:timers/promises";
import type { Backoff } from "../../shared/backoff.ts";
import type { Log } from "../../shared/log.ts";
import { TemplateError } from "../template/template.ts";
import { publishOrReduce } from "../targets/attempt.ts";
import { dueAt, type Wait } from "./debounce.ts";
import type { Destination } from "./destination.ts";
import type { Journal } from "./journal.ts";
import type { Edition, Editions } from "./edition.ts";
import type { RenderedFile } from "./rendered-file.ts";
import { recover, standInNothing } from "./preparation.ts";
import type { Outcome } from "./publication.ts";
import { Retry } from "./retry.ts";
import { WriteError } from "../disk/safe-write.ts";
import { isBlocked } from "../targets/source.ts";
import { TargetProgress, type TargetState } from "./target-progress.ts";

/** Retries of what may heal by itself: a full disk, a server that is away. */
const RETRY = { firstMs: 250, capMs: 10_000 };

/** Retries of a text that was refused: it mostly will be again, but a server may also have been short of something. */
const RETRY_REFUSED = { firstMs: 2_000, capMs: 300_000 };

/** Milliseconds a pass may take to its end when the process is told to stop. It can be cut off anywhere without harm. */
const STOP_MS = 1_000;

/** Said of a file that cannot be replaced. */
const IN_PLACE =
  "something is mounted on the file itself, so it is written into: readers may see a part of it; mount its directory instead";

export interface ReconcilerOptions {
  /** Several are published together, or not at all. */
  readonly destinations: readonly Destination[];
  readonly editions: Editions;
  /** For several destinations: what survives a crash in between. */
  readonly journal?: Journal;
  readonly wait: Wait;
  readonly log: Log;
}

/** Keeps destinations equal to the edition that is wanted: one pass at a time, retried until it holds. */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #firstChange: number | undefined;
  #lastPass = Number.NEGATIVE_INFINITY;
  readonly #retry = new Retry();
  readonly #progress: readonly TargetProgress[];
  #refused: readonly RenderedFile[] | undefined;
  #isStopped = false;
  /** Whose servers the next pass tells even if nothing is new. */
  #toTell = new Set<Destination>();

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#progress = options.destinations.map(({ volume }) => new TargetProgress(volume.live, options.log));
  }

  /** How each destination stands, in their order. */
  get states(): readonly TargetState[] {
    return this.#progress.map(({ state }) => state);
  }

  /**
   * Puts right what a process that was killed left, and a configuration without any route where there is none at all,
   * so that servers can start.
   */
  async prepare(): Promise<void> {
    try {
      this.#noteInPlace();
      await recover(this.#options);
      for (const [index, { volume }] of this.#options.destinations.entries()) {
        this.#progress[index]?.remembers(volume.readState().generation);
      }
      for (const index of await standInNothing(this.#options)) this.#progress[index]?.began();
    } catch (error) {
      this.#fail(describe(error));
    }
  }

  #noteInPlace(): void {
    for (const [index, { volume }] of this.#options.destinations.entries()) {
      if (volume.isInPlace) this.#progress[index]?.warn(IN_PLACE);
    }
  }

  /** Something changed. */
  changed(): void {
    const now = performance.now();
    this.#firstChange ??= now;
    this.#schedule(dueAt(this.#options.wait, this.#lastPass, this.#firstChange, now) - now);
  }

  /** What could not be done may work now. */
  retryNow(): void {
    this.#refused = undefined;
    this.changed();
  }

  /** A server is to be told once more, of the same file if need be. */
  tellAgain(destination: Destination): void {
    this.#toTell.add(destination);
    this.changed();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await Promise.race([this.#running, sleep(STOP_MS)]);
  }

  #schedule(delayMs: number): void {
    if (this.#running || this.#isStopped) return;
    clearTimeout(this.#timer);
    // A timer takes a millisecond at least.
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
    // Whatever comes with this change in the same turn is part of it.
    await new Promise((resolve) => setImmediate(resolve));
    this.#firstChange = undefined;
    try {
      const edition = await this.#options.editions.wanted();
      if (!edition) return;
      if (isBlocked(edition)) return this.#hold(edition.reason);
      await this.#publish(edition);
    } catch (error) {
      if (error instanceof TemplateError) this.#cannotPrint(error.message);
      else this.#fail(describe(error));
    }
  }

  async #publish(edition: Edition): Promise<void> {
    if (areEqual(edition.texts, this.#refused) && performance.now() < (this.#retry.dueAt ?? 0)) return;
    const { destinations, journal } = this.#options;
    const toTell = this.#toTell;
    this.#toTell = new Set();
    const attempt = await publishOrReduce(edition, destinations, toTell, journal);
    this.#noteInPlace();
    this.#report(attempt.outcome, attempt.edition.texts);
    if (attempt.outcome.kind === "published" || attempt.outcome.kind === "unchanged") attempt.edition.published();
  }

  #report(outcome: Outcome, texts: readonly RenderedFile[]): void {
    if (outcome.kind === "pending") return this.#fail(outcome.message);
    if (outcome.kind === "refused") return this.#refuse(outcome.message, texts);
    this.#retry.clear();
    this.#refused = undefined;
    const generations = outcome.kind === "published" ? outcome.generations : [];
    for (const [index, { hash }] of texts.entries()) this.#progress[index]?.isLive(hash, generations[index]);
  }

  /** Nothing to publish until something changes. */
  #hold(reason: string): void {
    this.#retry.clear();
    this.#trouble("refused", reason);
  }

  /** It will most likely fail again until something changes; but rendering may also have been short of time. */
  #cannotPrint(reason: string): void {
    this.#retryLater(RETRY_REFUSED);
    this.#trouble("refused", reason);
  }

  /** It will most likely be refused again until something changes. */
  #refuse(reason: string, texts: readonly RenderedFile[]): void {
    if (!areEqual(texts, this.#refused)) this.#retry.clear();
    this.#refused = texts;
    this.#retryLater(RETRY_REFUSED);
    this.#trouble("refused", reason);
  }

  /** It may heal. */
  #fail(reason: string): void {
    this.#retryLater(RETRY);
    this.#trouble("pending", reason);
  }

  #trouble(kind: "refused" | "pending", reason: string): void {
    for (const progress of this.#progress) progress.troubled(kind, reason);
  }

  #retryLater(bounds: Backoff): void {
    this.#retry.failed(performance.now(), bounds, Math.random());
  }
}

function areEqual(texts: readonly RenderedFile[], others: readonly RenderedFile[] | undefined): boolean {
  return others !== undefined && texts.every((text, index) => text.equals(others[index]));
}

function describe(error: unknown): string {
  if (error instanceof WriteError || error instanceof TemplateError) return error.message;
  return error instanceof Error ? `${error.name}: ${error.message}` : "unknown";
}
