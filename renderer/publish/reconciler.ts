import { backoffMs } from "../../shared/backoff.ts";
import type { Log } from "../../shared/log.ts";
import { type Hold, NO_ROUTES, type Routes } from "../routes/routes.ts";
import { TemplateError } from "../template/template.ts";
import { dueAt, type Wait } from "./debounce.ts";
import { type Outcome, publish } from "./publication.ts";
import { WriteError } from "./safe-write.ts";
import type { ServerControl } from "./server-control.ts";
import { hashOf, type Volume } from "./volume.ts";

/** Retries of what may heal by itself: a full disk, a server that is away. */
const RETRY = { firstMs: 250, capMs: 10_000 };

/** How one target stands, for the status. Times are milliseconds since the epoch. */
export interface TargetState {
  readonly destination: string;
  readonly pending: boolean;
  readonly problem: string | undefined;
  readonly publishedAt: number | undefined;
  readonly generation: number;
  readonly liveHash: string | undefined;
}

export interface ReconcilerOptions {
  readonly volume: Volume;
  readonly server: ServerControl;
  readonly wait: Wait;
  readonly log: Log;
  /** The routes now; undefined while not every agent has told everything once. */
  readonly routes: () => Routes | Hold | undefined;
  readonly render: (routes: Routes) => string;
}

/** Keeps one destination equal to what the routes say: one pass at a time, retried until it holds. */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #firstChange: number | undefined;
  #lastPass = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #refused = "";
  #isStopped = false;
  #state: TargetState;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    const destination = options.volume.live;
    const nothing = { problem: undefined, publishedAt: undefined, liveHash: undefined };
    this.#state = { destination, pending: false, generation: 0, ...nothing };
  }

  get state(): TargetState {
    return this.#state;
  }

  /** Puts a configuration without any route where there is none at all, so that the server can start. */
  async prepare(): Promise<void> {
    const { volume, render, log } = this.#options;
    try {
      if ((await volume.readLive()) !== undefined) return;
      await volume.goLive(render(NO_ROUTES));
      log("info", "publish.first", { destination: volume.live });
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
    this.#refused = "";
    this.changed();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  #schedule(delayMs: number): void {
    if (this.#running || this.#isStopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => {
        this.#running = this.#pass().finally(() => this.#finished());
      },
      Math.max(0, delayMs),
    );
  }

  #finished(): void {
    this.#running = undefined;
    this.#lastPass = performance.now();
    if (this.#firstChange !== undefined) this.changed();
    else if (this.#failures > 0) this.#schedule(backoffMs(this.#failures - 1, Math.random(), RETRY));
  }

  async #pass(): Promise<void> {
    this.#firstChange = undefined;
    const { routes, render, volume, server } = this.#options;
    try {
      const wanted = routes();
      if (!wanted) return;
      if (wanted.kind === "hold") return this.#refuse(wanted.reason, "hold");
      const text = render(wanted);
      const hash = hashOf(text);
      if (hash === this.#refused) return;
      this.#report(await publish(text, volume, server), hash);
    } catch (error) {
      if (error instanceof TemplateError) this.#refuse(error.message, "template");
      else this.#fail(describe(error));
    }
  }

  #report(outcome: Outcome, hash: string): void {
    const { log } = this.#options;
    const { destination } = this.#state;
    if (outcome.kind === "pending") return this.#fail(outcome.message);
    if (outcome.kind === "refused") return this.#refuse(outcome.message, hash);
    this.#failures = 0;
    this.#refused = "";
    this.#state = { ...this.#state, pending: false, problem: undefined, liveHash: hash };
    if (outcome.kind === "unchanged") return;
    this.#state = { ...this.#state, publishedAt: Date.now(), generation: outcome.generation };
    log("info", "publish.ok", { destination, generation: outcome.generation, sha256: hash });
  }

  /** It will be refused again until something changes; said once. */
  #refuse(problem: string, hash: string): void {
    const isNew = problem !== this.#state.problem;
    this.#failures = 0;
    this.#refused = hash;
    this.#state = { ...this.#state, pending: true, problem };
    if (isNew) this.#options.log("error", "publish.refused", { destination: this.#state.destination, reason: problem });
  }

  /** It may heal; said once, tried again. */
  #fail(problem: string): void {
    const isNew = problem !== this.#state.problem;
    this.#failures += 1;
    this.#state = { ...this.#state, pending: true, problem };
    if (isNew) this.#options.log("warn", "publish.pending", { destination: this.#state.destination, reason: problem });
  }
}

function describe(error: unknown): string {
  if (error instanceof WriteError || error instanceof TemplateError) return error.message;
  return error instanceof Error ? `${error.name}: ${error.message}` : "unknown";
}
