import { setTimeout as sleep } from "node:timers/promises";
import type { Backoff } from "../../shared/backoff.ts";
import type { Log } from "../../shared/log.ts";
import type { Hold } from "../routes/routes.ts";
import { TemplateError } from "../template/template.ts";
import { dueAt, type Wait } from "./debounce.ts";
import type { Outcome } from "./publication.ts";
import { Retry } from "./retry.ts";
import { WriteError } from "./safe-write.ts";
import type { ServerControl } from "./server-control.ts";
import { publishOrReduce, type Source } from "./source.ts";
import { TargetProgress, type TargetState } from "./target-progress.ts";
import { Printed } from "./printed.ts";
import type { Volume } from "./volume.ts";

/** Retries of what may heal by itself: a full disk, a server that is away. */
const RETRY = { firstMs: 250, capMs: 10_000 };

/** Retries of a text that was refused: it mostly will be again, but a server may also have been short of something. */
const RETRY_REFUSED = { firstMs: 2_000, capMs: 300_000 };

/** Milliseconds a pass may take to its end when the process is told to stop. It can be cut off anywhere without harm. */
const STOP_MS = 1_000;

export interface ReconcilerOptions<Wanted> extends Source<Wanted> {
  readonly volume: Volume;
  readonly server: ServerControl;
  readonly wait: Wait;
  readonly log: Log;
}

/** Keeps one destination equal to what its source says: one pass at a time, retried until it holds. */
export class Reconciler<Wanted extends object> {
  readonly #options: ReconcilerOptions<Wanted>;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #firstChange: number | undefined;
  #lastPass = Number.NEGATIVE_INFINITY;
  readonly #retry = new Retry();
  readonly #progress: TargetProgress;
  #refused: Printed | undefined;
  #isStopped = false;
  /** The next pass tells the server even if nothing is new. */
  #tellsAgain = false;

  constructor(options: ReconcilerOptions<Wanted>) {
    this.#options = options;
    this.#progress = new TargetProgress(options.volume.live, options.log);
  }

  get state(): TargetState {
    return this.#progress.state;
  }

  /** Puts a configuration without any route where there is none at all, so that the server can start. */
  async prepare(): Promise<void> {
    const { volume, render, nothing } = this.#options;
    try {
      if (volume.readLive() !== undefined) return;
      await volume.goLive(new Printed(await render(nothing)));
      this.#progress.began();
    } catch (error) {
      this.#fail(describe(error));
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

  /** The server is to be told once more, of the same file if need be. */
  tellAgain(): void {
    this.#tellsAgain = true;
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
      const wanted = this.#options.wanted();
      if (!wanted) return;
      if (isHold(wanted)) return this.#hold(wanted.reason);
      await this.#publish(wanted);
    } catch (error) {
      if (error instanceof TemplateError) this.#hold(error.message);
      else this.#fail(describe(error));
    }
  }

  async #publish(wanted: Wanted): Promise<void> {
    const { render, published } = this.#options;
    const text = new Printed(await render(wanted));
    if (text.equals(this.#refused) && performance.now() < (this.#retry.dueAt ?? 0)) return;
    const again = this.#tellsAgain;
    this.#tellsAgain = false;
    const attempt = await publishOrReduce({ wanted, text }, this.#options, again);
    this.#report(attempt.outcome, attempt.text);
    if (attempt.outcome.kind === "published" || attempt.outcome.kind === "unchanged") published?.(attempt.wanted);
  }

  #report(outcome: Outcome, text: Printed): void {
    if (outcome.kind === "pending") return this.#fail(outcome.message);
    if (outcome.kind === "refused") return this.#refuse(outcome.message, text);
    this.#retry.clear();
    this.#refused = undefined;
    if (outcome.kind === "unchanged") this.#progress.settled(text.hash);
    else this.#progress.published(text.hash, outcome.generation);
  }

  /** Nothing to publish until something changes. */
  #hold(reason: string): void {
    this.#retry.clear();
    this.#progress.troubled("refused", reason);
  }

  /** It will most likely be refused again until something changes. */
  #refuse(reason: string, text: Printed): void {
    if (!text.equals(this.#refused)) this.#retry.clear();
    this.#refused = text;
    this.#retryLater(RETRY_REFUSED);
    this.#progress.troubled("refused", reason);
  }

  /** It may heal. */
  #fail(reason: string): void {
    this.#retryLater(RETRY);
    this.#progress.troubled("pending", reason);
  }

  #retryLater(bounds: Backoff): void {
    this.#retry.failed(performance.now(), bounds, Math.random());
  }
}

function isHold(wanted: object): wanted is Hold {
  return "kind" in wanted && wanted.kind === "hold";
}

function describe(error: unknown): string {
  if (error instanceof WriteError || error instanceof TemplateError) return error.message;
  return error instanceof Error ? `${error.name}: ${error.message}` : "unknown";
}
