import { setTimeout as sleep } from "node:timers/promises";
import { backoffMs } from "../shared/backoff.ts";
import type { Log } from "../shared/log.ts";
import type { Container } from "../shared/snapshot.ts";
import type { Disclosed } from "./disclosed.ts";
import type { DockerReader } from "./docker.ts";
import { asDockerError } from "./docker-error.ts";
import { fold, type Known } from "./fold.ts";
import { isFullId } from "./gate.ts";
import type { EngineEvent } from "./engine-response.ts";
import { Images } from "./images.ts";
import { Inspections } from "./inspections.ts";
import type { Observed } from "./observed.ts";
import { Pacer } from "./pacer.ts";
import type { Policy } from "./policy.ts";
import { type ImageValues, isVisible, sanitize, valuesOf } from "./sanitize.ts";

/** Milliseconds after a container's stop timeout before a container that still runs counts as running again. */
const STOP_GRACE_MS = 5_000;

/** The shortest time until then: `docker stop` can wait for longer than the container's own timeout, and does not report it. */
const MIN_STOP_MS = 600_000;

/** Requests for a container that joined a network, until Docker's list has the network: its events precede its list. */
const MAX_LIST_REQUESTS = 6;

/** Source and destination of containers, and the policy applied between them. */
export interface Sources {
  readonly docker: DockerReader;
  readonly policy: Policy;
  readonly disclosed: Pick<Disclosed, "set" | "remove" | "unlisted">;
  readonly log: Log;
}

/**
 * Stores the state of every container and keeps `disclosed` up to date. An error never removes a container: one
 * that cannot be read keeps its last state, is marked stale, and `onStale` is called.
 */
export class ContainerStore {
  readonly #sources: Sources;
  readonly #onStale: () => void;
  readonly #known = new Map<string, Known>();
  /** List entries of containers whose inspection is pending. */
  readonly #listed = new Map<string, Observed>();
  /** Ids of containers that are too large to read. */
  readonly #tooLarge = new Set<string>();
  readonly #stops = new Map<string, { readonly timer: NodeJS.Timeout; readonly until: number }>();
  readonly #images: Images;
  readonly #pacer = new Pacer();
  readonly #inspections = new Inspections((id, isOutdated) => this.#inspect(id, isOutdated));
  /** Ids with events since the current list was requested: for them the list may be outdated. */
  #touched: Set<string> | undefined;

  constructor(sources: Sources, onStale: () => void) {
    this.#sources = sources;
    this.#onStale = onStale;
    const { docker, policy, log } = sources;
    const inspect = async (id: string): Promise<ImageValues> => valuesOf(await docker.inspectImage(id), policy);
    this.#images = new Images({ inspect, onRead: (id) => this.#mark(id), onRetry: onStale, log });
  }

  /** Resolves when no inspection is pending. */
  async settled(): Promise<void> {
    await this.#inspections.idle();
  }

  get hasStale(): boolean {
    return [...this.#known].some(
      ([id, { container, imageId, isWaiting }]) =>
        (container?.stale && !this.#tooLarge.has(id)) || (isWaiting && !this.#images.isSettled(imageId)),
    );
  }

  apply(event: EngineEvent): void {
    const { id } = event;
    if (!isFullId(id)) return;
    const known = this.#known.get(id);
    const step = fold(known, event);
    if (step === "nothing") return;
    this.#touched?.add(id);
    if (this.#sources.policy.mode === "labels only") this.#listed.delete(id);
    if (step === "inspect") {
      if (known && event.action === "connect") this.#known.set(id, { ...known, joined: event.network ?? event.name });
      return this.#pacer.run(id, () => this.#inspections.request(id));
    }
    this.#inspections.outdate(id);
    if (step === "gone") return this.#remove(id);
    if (step.stopping) this.#startStopTimer(id, known?.stopMs ?? 0);
    else this.#clearStopTimer(id);
    const left = event.action === "disconnect" ? (known?.left ?? known?.container?.networks) : undefined;
    if (known) this.#store(id, { ...known, container: step, joined: undefined, left });
    if (step.state === "restarting") this.#pacer.run(id, () => this.#inspections.request(id));
  }

  /** Reconciles with a complete list. Changes nothing if the request fails. */
  async list(): Promise<void> {
    const touched = new Set<string>();
    this.#touched = touched;
    try {
      const { listed, unreadable } = await this.#sources.docker.list();
      // The connection was lost and a newer list has been requested.
      if (this.#touched !== touched) return;
      const reason = "Docker's list entry has an unexpected format";
      if (unreadable > 0) this.#sources.log("warn", "container.skipped", { count: unreadable, reason });
      const present = new Set(listed.map(({ id }) => id));
      for (const id of this.#known.keys()) if (!present.has(id) && !touched.has(id)) this.#remove(id);
      for (const entry of listed) this.#reconcile(entry, touched.has(entry.id));
      this.#sources.disclosed.unlisted = unreadable;
      this.#images.keep(new Set([...listed, ...this.#known.values()].map(({ imageId }) => imageId)));
    } finally {
      if (this.#touched === touched) this.#touched = undefined;
    }
  }

  #reconcile(entry: Observed, isTouched: boolean): void {
    const known = this.#known.get(entry.id);
    // It was removed or created since the list was requested, so its events decide.
    if (isTouched && !known) return;
    // Nothing more would be disclosed after an inspection.
    const isLabels = this.#sources.policy.mode === "labels only" && this.#images.isSettled(entry.imageId);
    if (!entry.isPart && !isTouched && (isLabels || !isVisible(entry, this.#sources.policy)))
      return this.#update(entry);
    // Neither labels nor environment change, so another request would fail again. Only an event triggers one.
    if (this.#tooLarge.has(entry.id) && !isTouched) return;
    if (known?.container) void this.#images.read(known.imageId);
    if (known && known.container?.stale !== true && !differs(known.container, entry)) return;
    this.#listed.set(entry.id, entry);
    this.#inspections.request(entry.id);
  }

  /** Inspects one container. On failure its last state is kept and marked stale. */
  async #inspect(id: string, isOutdated: () => boolean): Promise<void> {
    const { docker, policy } = this.#sources;
    const listed = this.#listed.get(id);
    try {
      const isListed = policy.mode === "labels only" && listed?.isPart === false;
      const observed = isListed
        ? listed
        : await (policy.mode === "labels only" ? this.#listOne(id) : docker.inspect(id));
      if (isVisible(observed, policy)) await this.#images.read(observed.imageId);
      if (!isOutdated()) this.#update(observed);
      this.#tooLarge.delete(id);
    } catch (error) {
      const { message: reason, code, detail } = asDockerError(error);
      if (isOutdated() || (detail === "404" && !this.#known.has(id))) return;
      this.#sources.log("warn", "container.skipped", { id: id.slice(0, 12), reason, code });
      if (listed && !this.#known.has(id) && isVisible(listed, policy)) await this.#images.read(listed.imageId);
      this.#markStale(id, reason);
      if (code === "docker.size" && this.#known.get(id)?.container?.unread !== false) this.#tooLarge.add(id);
      else this.#onStale();
    } finally {
      this.#listed.delete(id);
    }
  }

  /** Lists one container, again while its entry lacks the network that it joined. */
  async #listOne(id: string): Promise<Observed> {
    for (let request = 1; ; request++) {
      const observed = await this.#sources.docker.listOne(id);
      const joined = this.#known.get(id)?.joined;
      if (joined === undefined || observed.networks.some(({ name }) => name === joined)) return observed;
      if (request === MAX_LIST_REQUESTS) {
        this.#onStale();
        return observed;
      }
      await sleep(backoffMs(request, Math.random(), { firstMs: 10, capMs: 500 }), undefined, { ref: false });
    }
  }

  #update(observed: Observed, unread = false): void {
    const { stopSignal, stopMs, imageId, restarts } = observed;
    const { policy } = this.#sources;
    const image = this.#images.get(imageId);
    const container = sanitize(observed, policy, image, unread);
    this.#store(observed.id, {
      container,
      stopSignal,
      stopMs,
      imageId,
      restarts,
      isWaiting: !image && isVisible(observed, policy),
    });
  }

  /** Inspects the containers that were read before their image. */
  #mark(imageId: string): void {
    for (const [id, known] of this.#known)
      if (known.imageId === imageId && known.isWaiting) this.#inspections.request(id);
  }

  #markStale(id: string, problem: string): void {
    const listed = this.#listed.get(id);
    if (listed && !this.#known.has(id)) this.#update(listed, true);
    const known = this.#known.get(id);
    if (known?.container) this.#store(id, { ...known, container: { ...known.container, stale: true, problem } });
  }

  #store(id: string, { container, ...known }: Known): void {
    const stored = container && withStop(container, this.#stops.get(id)?.until);
    this.#known.set(id, { container: stored, ...known });
    if (stored) this.#sources.disclosed.set(stored);
    else this.#sources.disclosed.remove(id);
  }

  #remove(id: string): void {
    this.#known.delete(id);
    this.#tooLarge.delete(id);
    this.#pacer.forget(id);
    this.#clearStopTimer(id);
    this.#sources.disclosed.remove(id);
  }

  /** Inspects a container that survives its stop signal, so that it is routed again. */
  #startStopTimer(id: string, stopMs: number): void {
    if (this.#stops.has(id)) return;
    const ms = Math.max(stopMs + STOP_GRACE_MS, MIN_STOP_MS);
    const timer = setTimeout(() => {
      this.#stops.delete(id);
      if (this.#known.has(id)) this.#inspections.request(id);
    }, ms);
    this.#stops.set(id, { timer: timer.unref(), until: Date.now() + ms });
  }

  #clearStopTimer(id: string): void {
    clearTimeout(this.#stops.get(id)?.timer);
    this.#stops.delete(id);
  }
}

/** Returns the container as stopping until this time, if it still runs. */
function withStop(container: Container, until: number | undefined): Container {
  const stored = { ...container };
  delete stored.stoppingUntil;
  return until === undefined || stored.state !== "running"
    ? stored
    : { ...stored, stopping: true, stoppingUntil: until };
}

/** Whether the list entry differs from the known state. The entry has no environment, but a container's environment never changes. */
function differs(known: Container | undefined, listed: Observed): boolean {
  const textOf = ({ state, name, networks }: Observed | Container): string => JSON.stringify([state, name, networks]);
  if (!known || textOf(known) !== textOf(listed)) return true;
  return known.state === "running" && known.health !== listed.health;
}
