import { setTimeout as sleep } from "node:timers/promises";
import { backoffMs } from "../shared/backoff.ts";
import type { Log } from "../shared/log.ts";
import type { Container } from "../shared/snapshot.ts";
import { Alarm } from "./alarm.ts";
import type { Disclosed } from "./disclosed.ts";
import type { DockerReader } from "./docker.ts";
import { DockerError, faultOf } from "./docker-error.ts";
import { type Known, fold, subjectOf } from "./fold.ts";
import { isContainerId } from "./gate.ts";
import { Inspections } from "./inspections.ts";
import { type EngineEvent, type Listed, attachmentsOf, healthOfStatus, signalNumber, stateOf } from "./inspected.ts";
import type { Policy } from "./policy.ts";
import { isVisible, safeName, sanitizeInspected, sanitizeListed } from "./sanitize.ts";

/** Added to a container's stop timeout before "it is stopping" is doubted. */
const FAREWELL_GRACE_MS = 5_000;

/** First retry of containers that could not be read; doubles up to the period of the list. */
const RETRY_MS = 1_000;

/** Times a socket may refuse before it is taken for one that was left behind. */
const REFUSALS = 4;

export interface WatchOptions {
  readonly docker: DockerReader;
  readonly policy: Policy;
  readonly disclosed: Disclosed;
  readonly log: Log;
  /** Milliseconds between two lists while all is well; heals whatever an event stream lost. */
  readonly relistMs: number;
  readonly exitWhenRefused: boolean;
  readonly onState: (state: "connected" | "unreachable") => void;
}

/**
 * Keeps `disclosed` equal to what Docker has, by events, and by a list after every connection and
 * now and then. Never takes an error for an absence: what cannot be read stays as it was, stale.
 */
export class Watch {
  readonly #options: WatchOptions;
  readonly #known = new Map<string, Known>();
  readonly #listed = new Map<string, Listed>();
  readonly #farewells = new Map<string, NodeJS.Timeout>();
  readonly #inspections = new Inspections((id, isOld) => this.#look(id, isOld));
  readonly #relist = new Alarm();
  /** Ids with events that came while a list was under way; undefined when none is. */
  #heldEvents: Map<string, EngineEvent[]> | undefined;
  #retries = 0;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  /**
   * Until the signal aborts. Loses Docker, tells so, and finds it again by itself; only when asked to
   * it gives up on a socket where nobody listens, which a restarted Engine may have left behind.
   */
  async run(signal: AbortSignal): Promise<"stopped" | "refused"> {
    let attempt = 0;
    let refused = 0;
    while (!signal.aborted && (refused < REFUSALS || !this.#options.exitWhenRefused)) {
      try {
        await this.#connected(signal, () => {
          attempt = 0;
        });
      } catch (error) {
        if (signal.aborted) break;
        this.#options.onState("unreachable");
        const { code, errno } = error instanceof DockerError ? error : { code: faultOf(error), errno: undefined };
        refused = errno === "ECONNREFUSED" ? refused + 1 : 0;
        this.#options.log("warn", "docker.unreachable", { reason: code, errno, mend: mendOf(errno ?? code) });
      }
      await sleep(backoffMs(attempt++, Math.random()), undefined, { signal }).catch(() => undefined);
    }
    this.#relist.clear();
    for (const timer of this.#farewells.values()) clearTimeout(timer);
    return signal.aborted ? "stopped" : "refused";
  }

  /** One connection: subscribe first, then list and look, then apply what came meanwhile. */
  async #connected(signal: AbortSignal, onConnected: () => void): Promise<never> {
    const { docker, log, disclosed, onState, relistMs } = this.#options;
    const connection = new AbortController();
    try {
      const api = await docker.negotiate();
      const events = await docker.events(AbortSignal.any([signal, connection.signal]));
      this.#heldEvents = new Map();
      const ended = this.#pump(events);
      await Promise.race([ended, this.#list()]);
      await Promise.race([ended, this.#inspections.idle()]);
      disclosed.complete();
      onConnected();
      onState("connected");
      const leftOut = disclosed.overflow > 0 ? disclosed.overflow : undefined;
      log("info", "docker.connected", { api, containers: disclosed.containers.size, leftOut });
      for (;;) {
        this.#relist.set(relistMs);
        await Promise.race([ended, this.#relist.wait()]);
        await Promise.race([ended, this.#list()]).catch((error: unknown) => {
          if (faultOf(error) === "docker.ended") throw error;
          log("warn", "docker.list-failed", { reason: faultOf(error) });
          this.#retryLater();
        });
      }
    } finally {
      connection.abort();
      this.#heldEvents = undefined;
    }
  }

  async #pump(events: AsyncIterable<EngineEvent | "unreadable">): Promise<never> {
    for await (const event of events) {
      if (event === "unreadable") this.#retryLater();
      else this.#receive(event);
    }
    throw new DockerError("docker.ended");
  }

  #receive(event: EngineEvent): void {
    const id = subjectOf(event);
    if (!isContainerId(id)) return;
    if (!this.#heldEvents) return this.#apply(id, event);
    const held = this.#heldEvents.get(id) ?? [];
    // Two say all that matters: more than one means "look again".
    if (held.length < 2) this.#heldEvents.set(id, [...held, event]);
  }

  #apply(id: string, event: EngineEvent): void {
    const known = this.#known.get(id);
    const step = fold(known, event);
    if (step.kind === "nothing") return;
    if (step.kind === "inspect") return this.#inspections.request(id);
    this.#inspections.outdate(id);
    if (step.kind === "gone") return this.#forget(id);
    if (known) this.#keep(id, { ...known, container: step.container });
    if (step.container.stopping) this.#expectEnd(id, known?.stopMs ?? 0);
    else this.#endFarewell(id);
  }

  /** The whole truth of this moment; changes nothing when it fails. */
  async #list(): Promise<void> {
    this.#heldEvents ??= new Map();
    try {
      this.#reconcile(await this.#options.docker.list());
    } finally {
      this.#releaseHeld();
    }
  }

  #reconcile({ listed, unreadable }: Awaited<ReturnType<DockerReader["list"]>>): void {
    const { policy, log } = this.#options;
    if (unreadable > 0) log("warn", "docker.list-unreadable", { entries: unreadable });
    const present = new Set(listed.map(({ Id }) => Id));
    for (const id of this.#known.keys()) if (!present.has(id)) this.#forget(id);
    let unsettled = 0;
    for (const entry of listed) {
      const known = this.#known.get(entry.Id);
      const needsLook = !known || known.container?.stale === true || differs(known, entry);
      if (
        !isVisible(policy, { labels: entry.Labels ?? {}, networks: attachmentsOf(entry.NetworkSettings?.Networks) })
      ) {
        this.#keep(entry.Id, { container: undefined, stopSignal: 0, stopMs: 0 });
      } else if (policy.mode === "labels only") {
        this.#keepListed(entry, false);
      } else if (needsLook) {
        if (known?.container?.stale) unsettled += 1;
        this.#listed.set(entry.Id, entry);
        this.#inspections.request(entry.Id);
      }
    }
    if (unsettled === 0) this.#retries = 0;
  }

  #releaseHeld(): void {
    const held = this.#heldEvents ?? new Map<string, EngineEvent[]>();
    this.#heldEvents = undefined;
    for (const [id, events] of held) {
      const [only] = events;
      if (events.length === 1 && only) this.#apply(id, only);
      else this.#inspections.request(id);
    }
  }

  /** One look at one container. A failure leaves what is known, marked stale. */
  async #look(id: string, isOld: () => boolean): Promise<void> {
    try {
      const seen = await this.#observe(id);
      if (!isOld() && seen) this.#keep(id, seen);
    } catch (error) {
      const isGone = error instanceof DockerError && error.errno === "404" && !this.#known.has(id);
      if (isOld() || isGone) return;
      this.#options.log("warn", "container.unreadable", { id: id.slice(0, 12), reason: faultOf(error) });
      this.#keepStale(id);
      this.#retryLater();
    } finally {
      this.#listed.delete(id);
    }
  }

  async #observe(id: string): Promise<Known | undefined> {
    const { docker, policy } = this.#options;
    if (policy.mode === "labels only") {
      const listed = await docker.listOne(id);
      if (listed) this.#keepListed(listed, false);
      else if (this.#known.has(id)) throw new DockerError("docker.status", "404");
      return undefined;
    }
    const inspected = await docker.inspect(id);
    return {
      container: sanitizeInspected(inspected, policy),
      stopSignal: signalNumber(inspected.Config.StopSignal),
      stopMs: (inspected.Config.StopTimeout ?? 10) * 1_000,
    };
  }

  #keepListed(entry: Listed, unread: boolean): void {
    const container = sanitizeListed(entry, this.#options.policy, unread);
    const stopSignal = this.#known.get(entry.Id)?.stopSignal ?? signalNumber(undefined);
    this.#keep(entry.Id, { container: container && { ...container, stale: unread }, stopSignal, stopMs: 10_000 });
  }

  #keepStale(id: string): void {
    const known = this.#known.get(id);
    const listed = this.#listed.get(id);
    if (known?.container) this.#keep(id, { ...known, container: { ...known.container, stale: true } });
    else if (!known && listed) this.#keepListed(listed, true);
  }

  #keep(id: string, known: Known): void {
    const isStopping = this.#farewells.has(id) && known.container?.state === "running";
    const container: Container | undefined = known.container && {
      ...known.container,
      stopping: known.container.stopping || isStopping,
    };
    this.#known.set(id, { ...known, container });
    if (container) this.#options.disclosed.set(container);
    else this.#options.disclosed.remove(id);
  }

  #forget(id: string): void {
    this.#known.delete(id);
    this.#endFarewell(id);
    this.#options.disclosed.remove(id);
  }

  /** A container that survives its stop signal is looked at again, and routed again. */
  #expectEnd(id: string, stopMs: number): void {
    if (this.#farewells.has(id)) return;
    const doubt = setTimeout(() => {
      this.#farewells.delete(id);
      if (this.#known.has(id)) this.#inspections.request(id);
    }, stopMs + FAREWELL_GRACE_MS);
    this.#farewells.set(id, doubt.unref());
  }

  #endFarewell(id: string): void {
    clearTimeout(this.#farewells.get(id));
    this.#farewells.delete(id);
  }

  #retryLater(): void {
    this.#relist.set(Math.min(this.#options.relistMs, RETRY_MS * 2 ** Math.min(this.#retries++, 10)));
  }
}

/** Whether the list shows something else than is known. It shows no environment, which cannot change. */
function differs({ container }: Known, listed: Listed): boolean {
  if (!container) return true;
  const networks = attachmentsOf(listed.NetworkSettings?.Networks);
  return (
    container.state !== stateOf(listed.State) ||
    (container.state === "running" && container.health !== healthOfStatus(listed.Status)) ||
    container.name !== safeName(listed.Names?.[0] ?? "", listed.Id) ||
    addresses(container.networks) !== addresses(networks)
  );
}

function addresses(networks: Container["networks"]): string {
  return JSON.stringify(networks.map(({ name, ipv4, ipv6 }) => [name, ipv4, ipv6]));
}

function mendOf(reason: string): string | undefined {
  switch (reason) {
    case "ENOENT":
      return "no socket at this path: is Docker running, and is its socket mounted?";
    case "EACCES":
      return "the socket is closed to this user: start the agent as root (it drops root by itself) or in the socket's group";
    case "ECONNREFUSED":
      return "nobody answers at the socket: start Docker";
    default:
      return undefined;
  }
}
