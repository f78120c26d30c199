import { setTimeout as sleep } from "node:timers/promises";
import { backoffMs } from "../shared/backoff.ts";
import { Alarm } from "./alarm.ts";
import { DockerError, type DockerFault, faultOf } from "./docker-error.ts";
import type { EngineEvent } from "./inspected.ts";
import { Population, type Sources } from "./population.ts";

/** First retry of containers that could not be read; doubles up to the period of the list. */
const RETRY_MS = 1_000;

/** Times a socket may refuse before it is taken for one that was left behind. */
const REFUSALS = 4;

export interface WatchOptions extends Sources {
  /** Milliseconds between two lists while all is well; heals whatever an event stream lost. */
  readonly relistMs: number;
  readonly exitWhenRefused: boolean;
  readonly onState: (state: "connected" | "unreachable") => void;
}

/** Keeps `disclosed` equal to what Docker has: by events, and by a list after every connection and now and then. */
export class Watch {
  readonly #options: WatchOptions;
  readonly #population: Population;
  readonly #relist = new Alarm();
  #attempt = 0;
  #retries = 0;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#population = new Population(options, () => this.#retryLater());
  }

  /**
   * Until the signal aborts. Loses Docker, tells so, and finds it again by itself; only when asked to
   * it gives up on a socket where nobody listens, which a restarted Engine may have left behind.
   */
  async run(signal: AbortSignal): Promise<"stopped" | "refused"> {
    let refused = 0;
    while (!signal.aborted && (refused < REFUSALS || !this.#options.exitWhenRefused)) {
      try {
        await this.#connected(signal);
      } catch (error) {
        if (signal.aborted) break;
        const errno = error instanceof DockerError ? error.errno : undefined;
        refused = errno === "ECONNREFUSED" ? refused + 1 : 0;
        this.#lost(faultOf(error), errno);
      }
      await sleep(backoffMs(this.#attempt++, Math.random()), undefined, { signal }).catch(() => undefined);
    }
    return signal.aborted ? "stopped" : "refused";
  }

  #lost(reason: DockerFault, errno: string | undefined): void {
    this.#options.onState("unreachable");
    this.#options.log("warn", "docker.unreachable", { reason, errno, mend: mends[errno ?? reason] });
  }

  /** One connection: subscribe first, then list, so that nothing falls between. Rejects at its end. */
  async #connected(signal: AbortSignal): Promise<void> {
    const connection = new AbortController();
    const end = AbortSignal.any([signal, connection.signal]);
    try {
      const api = await this.#options.docker.negotiate();
      const events = await this.#options.docker.events(end);
      await Promise.race([this.#pump(events), this.#follow(api, end)]);
    } finally {
      connection.abort();
      this.#relist.clear();
    }
  }

  async #pump(events: AsyncIterable<EngineEvent | "unreadable">): Promise<void> {
    for await (const event of events) {
      if (event === "unreadable") this.#retryLater();
      else this.#population.apply(event);
    }
  }

  /** Everything there is, read once; then lists until the connection ends. */
  async #follow(api: string, end: AbortSignal): Promise<void> {
    const { disclosed, log, onState, relistMs } = this.#options;
    await this.#population.list();
    await this.#population.settled();
    end.throwIfAborted();
    disclosed.complete();
    this.#attempt = 0;
    onState("connected");
    const leftOut = disclosed.overflow > 0 ? disclosed.overflow : undefined;
    log("info", "docker.connected", { api, containers: disclosed.containers.size, leftOut });
    while (!end.aborted) {
      this.#relist.set(relistMs);
      await this.#relist.wait();
      if (!end.aborted) await this.#heal();
    }
  }

  async #heal(): Promise<void> {
    try {
      await this.#population.list();
      if (!this.#population.hasStale) this.#retries = 0;
    } catch (error) {
      this.#options.log("warn", "docker.list-failed", { reason: faultOf(error) });
      this.#retryLater();
    }
  }

  #retryLater(): void {
    this.#relist.set(Math.min(this.#options.relistMs, RETRY_MS * 2 ** Math.min(this.#retries++, 10)));
  }
}

const mends: Readonly<Record<string, string>> = {
  ENOENT: "no socket at this path: is Docker running, and is its socket mounted?",
  EACCES:
    "the socket is closed to this user: start the agent as root (it drops root by itself) or in the socket's group",
  ECONNREFUSED: "nobody answers at the socket: start Docker",
};
