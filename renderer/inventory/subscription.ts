import { setTimeout as sleep } from "node:timers/promises";
import { backoffMs } from "../../shared/backoff.ts";
import type { Log } from "../../shared/log.ts";
import { type NotificationParams, type Params, PROTOCOL, type Result } from "../../shared/rpc.ts";
import type { Container } from "../../shared/snapshot.ts";
import { AgentLink, LinkError, type Told } from "./agent-link.ts";
import { Assembly } from "./assembly.ts";
import type { InventoryContainer, InventoryChange } from "./inventory-change.ts";
import { type Gap, StateCopy } from "./state-copy.ts";

/** Milliseconds between two questions for the agent's health, its proof of life. */
const HEALTH_MS = 10_000;

/** How an agent stands, for the status. `since` is milliseconds since the epoch. */
export interface AgentState {
  readonly socket: string;
  readonly host: string;
  readonly connected: boolean;
  readonly since: number;
  readonly docker: Result<"health">["docker"] | "unknown";
  readonly generation: number;
  readonly containers: number;
  readonly problem: string | undefined;
}

/**
 * One agent, followed for ever: connects, subscribes, applies what is told, and begins anew with a
 * complete snapshot when anything does not fit. What was known stays known while the agent is away.
 */
export class Subscription {
  /**
   * Resolves when the agent has reported all its containers. Rejects if before that its socket is missing, closed to this
   * user, or without a listener: waiting is then unlikely to help.
   */
  readonly complete: Promise<void>;
  #onComplete: () => void = () => undefined;
  #onUnreachable: (error: Error) => void = () => undefined;
  readonly #socket: string;
  readonly #log: Log;
  readonly #onChange: (change: InventoryChange) => void;
  readonly #replica: StateCopy;
  #host = "";
  #docker: AgentState["docker"] = "unknown";
  #isConnected = false;
  #isRecalled = false;
  #mayResume = false;
  #since = Date.now();
  #problem: string | undefined;

  /** `onChange` is called at once with what each message changed; a first, complete snapshot may change nothing. */
  constructor(socket: string, log: Log, onChange: (change: InventoryChange) => void) {
    this.#socket = socket;
    this.#replica = new StateCopy(socket);
    this.#log = log;
    this.#onChange = onChange;
    this.complete = new Promise((resolve, reject) => {
      this.#onComplete = resolve;
      this.#onUnreachable = reject;
    });
    this.complete.catch(() => undefined);
  }

  /** False until this agent has told everything once, or was recalled: then its absence is no longer emptiness. */
  get isComplete(): boolean {
    return this.#isRecalled || this.#replica.generation > 0;
  }

  /** Goes on with what the agent told a renderer before this one; nothing, once it has told everything itself. */
  recall({ host, containers }: { readonly host: string; readonly containers: readonly Container[] }): void {
    if (this.isComplete) return;
    this.#isRecalled = true;
    this.#log("warn", "agent.recalled", { socket: this.#socket, host, containers: containers.length });
    this.#onChange(this.#replica.recall(host, containers));
  }

  get known(): readonly InventoryContainer[] {
    return [...this.#replica.known];
  }

  get state(): AgentState {
    return {
      socket: this.#socket,
      host: this.#host || this.#replica.host,
      connected: this.#isConnected,
      since: this.#since,
      docker: this.#isConnected ? this.#docker : "unknown",
      generation: this.#replica.generation,
      containers: this.#replica.size,
      problem: this.#problem,
    };
  }

  async run(signal: AbortSignal): Promise<void> {
    let attempt = 0;
    while (!signal.aborted) {
      const problem = await this.#follow(signal, () => {
        attempt = 0;
      });
      if (signal.aborted) return;
      if (this.#isConnected || problem !== this.#problem) {
        this.#log("warn", "agent.lost", { socket: this.#socket, reason: problem, mend: mendOf(problem) });
      }
      this.#become(false, problem);
      if (mendOf(problem) !== undefined)
        this.#onUnreachable(new Error(`${this.#socket}: ${problem}; ${mendOf(problem)}`));
      await sleep(backoffMs(attempt++, Math.random()), undefined, { signal }).catch(() => undefined);
    }
  }

  /**
   * One connection, until it ends; resolves with the reason. `onProven` is called when it has lasted and
   * the agent lives: an agent whose every snapshot is faulty must not be asked again and again at once.
   */
  async #follow(signal: AbortSignal, onProven: () => void): Promise<string> {
    const gaps = new AbortController();
    let assembly: Assembly | undefined;
    const link = new AgentLink(this.#socket, (told) => {
      const gap = assembly && this.#apply(told, assembly);
      if (gap) gaps.abort(gap.gap);
    });
    const stop = AbortSignal.any([signal, gaps.signal]);
    try {
      const { instance, host } = await link.ask("hello", { protocol: { min: PROTOCOL, max: PROTOCOL } });
      assembly = new Assembly(instance);
      this.#host = host;
      await link.ask("subscribe", this.#held(instance));
      this.#become(true, undefined);
      this.#log("info", "agent.connected", { socket: this.#socket, host, instance });
      for (;;) {
        const rested = sleep(HEALTH_MS, undefined, { signal: stop });
        rested.catch(() => undefined);
        await Promise.race([rested, link.ended]);
        this.#docker = (await link.ask("health", {})).docker;
        onProven();
      }
    } catch (error) {
      this.#mayResume = !gaps.signal.aborted && error instanceof LinkError && error.code === "link.lost";
      if (gaps.signal.aborted) return `asked for the whole: ${String(gaps.signal.reason)}`;
      return error instanceof LinkError ? error.message : "stopped";
    } finally {
      link.close();
    }
  }

  /** What is held of this instance, if only the connection broke: then what changed since is enough. */
  #held(instance: string): Params<"subscribe"> {
    const { generation } = this.#replica;
    const isHeld = this.#mayResume && generation > 0 && this.#replica.instance === instance;
    return isHeld ? { since: { instance, generation } } : {};
  }

  /** Applies what was told at once and in order, or says why it does not fit. */
  #apply(told: Told, assembly: Assembly): Gap | undefined {
    if (told.method === "docker.state") {
      this.#docker = told.params.state;
      this.#log("info", "agent.docker", { socket: this.#socket, state: told.params.state });
      return undefined;
    }
    const { seq, hash } = told.params.anchor;
    this.#log("debug", "agent.anchor", { socket: this.#socket, seq, hash });
    const change = told.method === "snapshot.part" ? this.#add(told.params, assembly) : this.#follows(told, assembly);
    if (change && "gap" in change) return change;
    if (change) this.#onChange(change);
    if (this.isComplete) this.#onComplete();
    return undefined;
  }

  #add(part: NotificationParams<"snapshot.part">, assembly: Assembly): InventoryChange | Gap | undefined {
    const containers = assembly.add(part, this.#replica);
    if (!containers || "gap" in containers) return containers;
    const { instance, generation } = part;
    return this.#replica.replace({ instance, generation, host: this.#host, containers });
  }

  #follows(told: Told & { method: "snapshot.delta" }, assembly: Assembly): InventoryChange | Gap {
    return assembly.isOpen ? { gap: "a change inside a snapshot" } : this.#replica.apply(told.params);
  }

  #become(isConnected: boolean, problem: string | undefined): void {
    if (isConnected !== this.#isConnected) this.#since = Date.now();
    this.#isConnected = isConnected;
    this.#problem = problem;
  }
}

function mendOf(problem: string): string | undefined {
  switch (problem) {
    case "ENOENT":
      return "no socket at this path: is the agent running, and is its volume mounted?";
    case "EACCES":
      return "the socket is closed to this user: run the renderer in the agent's group (65532)";
    case "ECONNREFUSED":
      return "nobody answers at the socket: is the agent running?";
    default:
      return undefined;
  }
}
