import { setTimeout as sleep } from "node:timers/promises";
import { backoffMs } from "../../shared/backoff.ts";
import { type Log, quoted } from "../../shared/log.ts";
import { type NotificationParams, type Params, PROTOCOL, type Result } from "../../shared/rpc.ts";
import { AgentLink, type AgentNotification, LinkError } from "./agent-link.ts";
import type { AgentState } from "./agent-state.ts";
import { Assembly } from "./assembly.ts";
import type { CachedInventory } from "./cache.ts";
import type { InventoryContainer, InventoryChange } from "./inventory-change.ts";
import { JoinedNetworks } from "./joined-networks.ts";
import { type Gap, StateCopy } from "./state-copy.ts";
import type { Witness } from "./witness.ts";

/** Milliseconds between two health requests, which prove that the agent is alive. */
const HEALTH_MS = 10_000;

/** A connection that is lost again within this time, in milliseconds, is logged at once. */
const FLAPPING_MS = 60_000;

/** Milliseconds for which an agent may start or restart, before its absence is logged. */
const START_MS = 5_000;

/** Connection errors that waiting does not fix, with what to do. */
const HINTS: Readonly<Record<string, string>> = {
  ENOENT: "start the agent, and mount the volume of its socket",
  EACCES: "run the renderer in the agent's group (65532)",
  ECONNREFUSED: "start the agent",
};

/** Where an agent is, and the name of the Docker host that it must have; undefined: any name. */
export interface AgentAddress {
  readonly socket: string;
  readonly host?: string | undefined;
}

interface Failure {
  readonly error: string;
  readonly hint?: string | undefined;
}

/**
 * Follows one agent until it is stopped: connects, subscribes, applies notifications, and requests a complete snapshot
 * when one does not follow the state copy. Keeps the last known state while the agent is absent.
 */
export class Subscription {
  readonly #socket: string;
  readonly #expectedHost: string | undefined;
  readonly #log: Log;
  readonly #onChange: (change: InventoryChange) => void;
  readonly #onCurrent: () => void;
  readonly #copy: StateCopy;
  readonly #witness: Witness | undefined;
  #dockerHost = "";
  #docker: Result<"health">["docker"] | "unknown" = "unknown";
  #isConnected = false;
  #isRestored = false;
  #mayResume = false;
  #since = Date.now();
  /** When the state copy was last known to equal the agent's state, on the clock of `performance.now`. */
  #currentAt = performance.now();
  #counts: Pick<Result<"health">, "overflow" | "unreadable" | "streamEnds" | "swarm"> = {
    overflow: 0,
    unreadable: 0,
    streamEnds: 0,
    swarm: undefined,
  };
  #isCurrent = false;
  #failure: Failure | undefined;
  /** Returns the cached inventory of an earlier renderer. */
  readCache: () => CachedInventory | undefined = () => undefined;
  #setComplete: () => void = () => undefined;
  #rejectComplete: (error: Error) => void = () => undefined;

  /**
   * Resolves when `isComplete` becomes true. Rejects with a message for people if before that the socket is missing,
   * has no listener or may not be opened: waiting does not fix that.
   */
  readonly complete: Promise<void>;

  /**
   * `onChange` is called synchronously for each message; a first complete snapshot may change nothing. Without a witness,
   * checkpoints are ignored. `onCurrent` is called when the state copy became current, and when it is no longer known to
   * be.
   */
  constructor(
    { socket, host }: AgentAddress,
    log: Log,
    onChange: (change: InventoryChange) => void,
    witness?: Witness,
    onCurrent: () => void = () => undefined,
  ) {
    this.#onCurrent = onCurrent;
    this.#socket = socket;
    this.#expectedHost = host;
    this.#witness = witness;
    this.#copy = new StateCopy(socket);
    this.#log = log;
    const joined = new JoinedNetworks((id) => this.#copy.find(id));
    this.#onChange = (change) => onChange(joined.apply(change));
    this.complete = new Promise((resolve, reject) => {
      this.#setComplete = resolve;
      this.#rejectComplete = reject;
    });
    this.complete.catch(() => undefined);
  }

  /** True after the first complete snapshot, or after `restore`. Before, an empty inventory means nothing. */
  get isComplete(): boolean {
    return this.#isRestored || this.#copy.generation > 0;
  }

  /** Continues from the cached inventory, and the time of the disconnection, unless the agent has already sent a snapshot. */
  restore({ dockerHost, containers, absentSince = Date.now() }: CachedInventory): void {
    if (this.isComplete) return;
    this.#isRestored = true;
    this.#currentAt = Math.min(performance.now() - Math.max(0, Date.now() - absentSince), this.#currentAt);
    this.#log("warn", "agent.restored", { socket: this.#socket, dockerHost, containers: containers.length });
    this.#onChange(this.#copy.restore(dockerHost, containers));
    this.#onCurrent();
    this.#setComplete();
  }

  get known(): readonly InventoryContainer[] {
    return [...this.#copy.known];
  }

  /** When its state began to be outdated, on the clock of `performance.now`; undefined while it is current. */
  get absentAt(): number | undefined {
    return this.#isCurrent ? undefined : this.#currentAt;
  }

  get state(): AgentState {
    const { absentAt } = this;
    return {
      socket: this.#socket,
      dockerHost: this.#dockerHost || this.#copy.dockerHost,
      connected: this.#isConnected,
      since: this.#since,
      docker: this.#isConnected ? this.#docker : "unknown",
      generation: this.#copy.generation,
      containers: this.#copy.size,
      ...this.#counts,
      ...(this.#copy.keepsTasks && { swarm: "unknown" as const }),
      absentSince: absentAt === undefined ? undefined : Math.round(Date.now() - (performance.now() - absentAt)),
      error: this.#failure && sentenceOf(this.#failure),
      auditError: this.#witness?.error,
    };
  }

  async run(signal: AbortSignal): Promise<void> {
    // An agent that starts with the renderer, or is restarted, needs a moment.
    let quietUntil = Date.now() + START_MS;
    let lostAt = 0;
    let attempt = 0;
    let logged: string | undefined;
    while (!signal.aborted) {
      const failure = await this.#follow(signal, () => {
        attempt = 0;
        logged = undefined;
      });
      if (signal.aborted) return;
      const { error, hint } = failure;
      const now = Date.now();
      if (this.#isConnected) {
        quietUntil = this.#mayResume && now - lostAt > FLAPPING_MS ? now + START_MS : 0;
        lostAt = now;
      }
      if (now >= quietUntil && (this.#isConnected || error !== logged)) {
        this.#log("warn", "agent.disconnected", { socket: this.#socket, error, hint });
        logged = error;
      }
      this.#setConnected(false, failure);
      if (hint !== undefined) this.#rejectComplete(new Error(`${this.#socket}: ${sentenceOf(failure)}`));
      await sleep(backoffMs(attempt++, Math.random()), undefined, { signal }).catch(() => undefined);
    }
  }

  /**
   * Runs one connection until it ends; resolves with the reason. Calls `onProven` after the first successful health
   * request, so that an agent whose snapshots are all invalid is retried with increasing delay.
   */
  async #follow(signal: AbortSignal, onProven: () => void): Promise<Failure> {
    const gaps = new AbortController();
    let assembly: Assembly | undefined;
    const link = new AgentLink(this.#socket, (notification) => {
      const gap = assembly && this.#apply(notification, assembly);
      if (gap) gaps.abort(gap.gap);
    });
    const stop = AbortSignal.any([signal, gaps.signal]);
    try {
      const { instance, host } = await link.request("hello", { protocol: { min: PROTOCOL, max: PROTOCOL } });
      if (this.#expectedHost !== undefined && host !== this.#expectedHost) {
        return {
          error: `the agent's Docker host is ${quoted(host)}, not ${quoted(this.#expectedHost)}`,
          hint: "correct `host` in `agents`, or the tunnel behind the socket",
        };
      }
      assembly = new Assembly(instance);
      this.#dockerHost = host;
      await link.request("subscribe", this.#resumeFrom(instance));
      this.#setConnected(true, undefined);
      this.#log("info", "agent.connected", { socket: this.#socket, dockerHost: host, instance });
      for (;;) {
        const rested = sleep(HEALTH_MS, undefined, { signal: stop });
        rested.catch(() => undefined);
        await Promise.race([rested, link.ended]);
        const { docker, generation, overflow, unreadable, streamEnds, swarm } = await link.request("health", {});
        this.#docker = docker;
        this.#counts = { overflow, unreadable, streamEnds, swarm };
        if (generation === this.#copy.generation) this.#setCurrent(true);
        onProven();
      }
    } catch (error) {
      this.#mayResume = !gaps.signal.aborted && error instanceof LinkError && error.code === "link.lost";
      if (gaps.signal.aborted)
        return { error: `out of sync, a complete snapshot follows: ${String(gaps.signal.reason)}` };
      if (!(error instanceof LinkError)) return { error: "stopped" };
      return { error: error.message, hint: HINTS[error.errno ?? ""] };
    } finally {
      link.close();
    }
  }

  /** After a lost connection, the changes since the copy's generation are enough. */
  #resumeFrom(instance: string): Params<"subscribe"> {
    const { generation } = this.#copy;
    const isSame = this.#mayResume && generation > 0 && this.#copy.instance === instance;
    return { ...(isSame && { since: { instance, generation } }), witnessed: this.#witness?.size ?? 0 };
  }

  /** Applies a notification synchronously, or returns why it does not follow. */
  #apply(notification: AgentNotification, assembly: Assembly): Gap | undefined {
    if (notification.method === "docker.state") {
      const { state } = notification.params;
      this.#docker = state;
      this.#log("info", "agent.docker-changed", { socket: this.#socket, state });
      return undefined;
    }
    if (notification.method === "audit.checkpoint") {
      void this.#witness?.verify(notification.params);
      return undefined;
    }
    const change =
      notification.method === "snapshot.part"
        ? this.#addPart(notification.params, assembly)
        : this.#applyDelta(notification.params, assembly);
    if (change && "gap" in change) return change;
    if (!change) return undefined;
    this.#onChange(change);
    this.#setComplete();
    this.#setCurrent(true);
    return undefined;
  }

  #addPart(part: NotificationParams<"snapshot.part">, assembly: Assembly): InventoryChange | Gap | undefined {
    const containers = assembly.add(part, this.#copy);
    if (!containers || "gap" in containers) return containers;
    const { instance, generation, lacksTasks } = part;
    if (lacksTasks && !this.isComplete) {
      const tasks = this.readCache()?.containers.filter(({ task }) => task);
      if (tasks) this.#onChange(this.#copy.restore(this.#dockerHost, tasks));
    }
    return this.#copy.replace({ instance, generation, dockerHost: this.#dockerHost, containers, lacksTasks });
  }

  #applyDelta(delta: NotificationParams<"snapshot.delta">, assembly: Assembly): InventoryChange | Gap {
    return assembly.isOpen ? { gap: "a delta inside a snapshot" } : this.#copy.apply(delta);
  }

  #setConnected(isConnected: boolean, failure: Failure | undefined): void {
    if (isConnected !== this.#isConnected) this.#since = Date.now();
    this.#isConnected = isConnected;
    this.#failure = failure;
    if (!isConnected) this.#setCurrent(false);
  }

  /** A connection alone proves nothing: the agent may never complete a snapshot. */
  #setCurrent(isCurrent: boolean): void {
    const isNew = isCurrent !== this.#isCurrent;
    if (isCurrent || isNew) this.#currentAt = performance.now();
    this.#isCurrent = isCurrent;
    if (isNew) this.#onCurrent();
  }
}

function sentenceOf({ error, hint }: Failure): string {
  return hint === undefined ? error : `${error}; ${hint}`;
}
