import { setTimeout as sleep } from "node:timers/promises";
import { backoffMs } from "../shared/backoff.ts";
import { ContainerStore, type Sources } from "./container-store.ts";
import { asDockerError } from "./docker-error.ts";
import type { Disclosed } from "./disclosed.ts";
import type { EngineEvent } from "./engine-response.ts";
import type { Swarm } from "./swarm/swarm.ts";

/** First delay in milliseconds before containers that could not be read are listed again. */
const RETRY_MS = 1_000;

/** Consecutive lists without an answer after which Docker counts as unreachable, although it accepts connections. */
const MAX_TIMEOUTS = 3;

/** Consecutive refused connections after which the socket is considered stale. */
const MAX_REFUSALS = 4;

export interface WatchOptions extends Omit<Sources, "disclosed"> {
  readonly disclosed: Disclosed;
  readonly swarm?: Swarm | undefined;
  /** Milliseconds between two lists, which correct state after lost events. */
  readonly relistMs: number;
  readonly exitWhenRefused: boolean;
  readonly onState: (state: "connected" | "unreachable") => void;
}

/** Keeps `disclosed` in sync with Docker: by events, by a list after each connect, and by periodic lists. */
export class Watch {
  readonly #options: WatchOptions;
  readonly #store: ContainerStore;
  #listAt = Infinity;
  #timer: NodeJS.Timeout | undefined;
  #onDue: (() => void) | undefined;
  #attempt = 0;
  #retries = 0;
  #timeouts = 0;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#store = new ContainerStore({ ...options, disclosed: options.swarm?.local ?? options.disclosed }, () =>
      this.#retryLater(),
    );
  }

  /**
   * Runs until the signal aborts. Reports a lost connection and reconnects automatically. With `exitWhenRefused` it also
   * ends when no process listens on the socket: a restarted Engine may have created another one at this path.
   */
  async run(signal: AbortSignal): Promise<"stopped" | "refused"> {
    let refused = 0;
    while (!signal.aborted && (refused < MAX_REFUSALS || !this.#options.exitWhenRefused)) {
      try {
        await this.#connected(signal);
      } catch (fault) {
        if (signal.aborted) break;
        const { message: error, code, detail } = asDockerError(fault);
        refused = detail === "ECONNREFUSED" ? refused + 1 : 0;
        this.#options.onState("unreachable");
        const { disclosed, log } = this.#options;
        if (code === "docker.ended") disclosed.streamEnds += 1;
        const count = disclosed.streamEnds;
        log("warn", "docker.disconnected", { error, code, count, hint: hints[detail ?? code] ?? hints[code] });
      }
      await sleep(backoffMs(this.#attempt++, Math.random()), undefined, { signal }).catch(() => undefined);
    }
    return signal.aborted ? "stopped" : "refused";
  }

  /** Runs one connection: subscribes before it lists, so that no change is missed. Rejects when it ends. */
  async #connected(signal: AbortSignal): Promise<void> {
    const connection = new AbortController();
    const end = AbortSignal.any([signal, connection.signal]);
    try {
      const api = await this.#options.docker.negotiate();
      const events = await this.#options.docker.events(end);
      void this.#options.swarm?.follow(end);
      await Promise.race([this.#pump(events), this.#follow(api, end)]);
    } finally {
      connection.abort();
      this.#clearTimer();
    }
  }

  async #pump(events: AsyncIterable<EngineEvent | "unreadable">): Promise<void> {
    for await (const event of events) {
      if (event === "unreadable") this.#retryLater();
      else this.#store.apply(event);
    }
  }

  /** Reads every container once, then lists periodically until the connection ends. */
  async #follow(api: string, end: AbortSignal): Promise<void> {
    const { disclosed, log, onState, relistMs } = this.#options;
    await this.#store.list();
    await this.#store.settled();
    // A snapshot without tasks would look like a swarm without services.
    await this.#options.swarm?.ready;
    end.throwIfAborted();
    disclosed.complete();
    this.#attempt = 0;
    onState("connected");
    const { containers, overflow } = disclosed;
    log("info", "docker.connected", { apiVersion: api, containers: containers.size, skipped: overflow || undefined });
    while (!end.aborted) {
      this.#listIn(relistMs);
      await new Promise<void>((resolve) => (this.#onDue = resolve));
      if (!end.aborted) await this.#resync();
    }
  }

  async #resync(): Promise<void> {
    try {
      await this.#store.list();
      this.#timeouts = 0;
      this.#retries = this.#store.hasStale ? this.#retries + 1 : 0;
    } catch (error) {
      const { message, code } = asDockerError(error);
      this.#options.log("warn", "docker.list-failed", { error: message, code });
      this.#timeouts = code === "docker.timeout" ? this.#timeouts + 1 : 0;
      if (this.#timeouts >= MAX_TIMEOUTS) throw error;
      if (this.#timeouts > 0) await this.#options.docker.negotiate();
      this.#retries += 1;
      this.#retryLater();
    }
  }

  /** Requests a list in `ms` milliseconds, unless one is due earlier. */
  #listIn(ms: number): void {
    if (performance.now() + ms >= this.#listAt) return;
    this.#clearTimer();
    this.#listAt = performance.now() + ms;
    this.#timer = setTimeout(() => {
      this.#clearTimer();
      this.#onDue?.();
    }, ms).unref();
  }

  #clearTimer(): void {
    clearTimeout(this.#timer);
    this.#listAt = Infinity;
  }

  #retryLater(): void {
    this.#listIn(backoffMs(this.#retries, Math.random(), { firstMs: RETRY_MS, capMs: this.#options.relistMs }));
  }
}

const hints: Readonly<Record<string, string>> = {
  ENOENT: "the socket does not exist; start Docker and mount its socket",
  EACCES:
    "start the agent as root (it drops root itself) or add its user to the socket's group; with SELinux, add `security_opt: [label=type:container_runtime_t]` to its container",
  ECONNREFUSED: "no process listens on the socket; start Docker",
  "docker.version":
    "update Docker if its versions are lower; otherwise update Sallyport, or lower DOCKER_MIN_API_VERSION",
  "docker.timeout": "Docker accepts connections and does not respond; restart it",
};
