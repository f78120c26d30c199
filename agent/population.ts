import type { Log } from "../shared/log.ts";
import type { Container } from "../shared/snapshot.ts";
import type { Disclosed } from "./disclosed.ts";
import type { DockerReader } from "./docker.ts";
import { DockerError, faultOf } from "./docker-error.ts";
import { fold, type Known } from "./fold.ts";
import { isContainerId } from "./gate.ts";
import type { EngineEvent } from "./inspected.ts";
import { Inspections } from "./inspections.ts";
import type { Observed } from "./observed.ts";
import type { Policy } from "./policy.ts";
import { isVisible, sanitize } from "./sanitize.ts";

/** Added to a container's stop timeout before "it is stopping" is doubted. */
const FAREWELL_GRACE_MS = 5_000;

/** Where containers come from and go to, and what of them may be told. */
export interface Sources {
  readonly docker: DockerReader;
  readonly policy: Policy;
  readonly disclosed: Disclosed;
  readonly log: Log;
}

/**
 * Every container the agent knows, and of each what may be told, in `disclosed`. Never takes an error
 * for an absence: what cannot be read stays as it was, stale, and `onDoubt` is called.
 */
export class Population {
  readonly #sources: Sources;
  readonly #onDoubt: () => void;
  readonly #known = new Map<string, Known>();
  /** What the list showed of those that were never inspected. */
  readonly #listed = new Map<string, Observed>();
  readonly #farewells = new Map<string, NodeJS.Timeout>();
  readonly #inspections = new Inspections((id, isOld) => this.#look(id, isOld));
  /** Ids whose events came while a list was under way: of them the list may be older than what is known. */
  #touched: Set<string> | undefined;

  constructor(sources: Sources, onDoubt: () => void) {
    this.#sources = sources;
    this.#onDoubt = onDoubt;
  }

  /** Resolves when every container that had to be looked at was. */
  async settled(): Promise<void> {
    await this.#inspections.idle();
  }

  get hasStale(): boolean {
    return [...this.#known.values()].some(({ container }) => container?.stale === true);
  }

  apply(event: EngineEvent): void {
    const { id } = event;
    if (!isContainerId(id)) return;
    const known = this.#known.get(id);
    const step = fold(known, event);
    if (step === "nothing") return;
    this.#touched?.add(id);
    if (step === "inspect") return this.#inspections.request(id);
    this.#inspections.outdate(id);
    if (step === "gone") return this.#forget(id);
    if (known) this.#keep(id, { ...known, container: step });
    if (step.stopping) this.#expectEnd(id, known?.stopMs ?? 0);
    else this.#endFarewell(id);
  }

  /** Takes over the whole truth of this moment; changes nothing when it fails. */
  async list(): Promise<void> {
    const touched = new Set<string>();
    this.#touched = touched;
    try {
      const { listed, unreadable } = await this.#sources.docker.list();
      // A list of a connection that was lost, and answered after the next one asked.
      if (this.#touched !== touched) return;
      if (unreadable > 0) this.#sources.log("warn", "docker.list-unreadable", { entries: unreadable });
      const present = new Set(listed.map(({ id }) => id));
      for (const id of this.#known.keys()) if (!present.has(id) && !touched.has(id)) this.#forget(id);
      for (const entry of listed) this.#reconcile(entry, touched.has(entry.id));
    } finally {
      if (this.#touched === touched) this.#touched = undefined;
    }
  }

  #reconcile(entry: Observed, isTouched: boolean): void {
    const known = this.#known.get(entry.id);
    // One that is not known any more, or not yet: its own events say what to do.
    if (isTouched && !known) return;
    const isAllListed = this.#sources.policy.mode === "labels only" || !isVisible(entry, this.#sources.policy);
    if (isAllListed && !isTouched) return this.#see(entry);
    if (known && known.container?.stale !== true && !differs(known.container, entry)) return;
    this.#listed.set(entry.id, entry);
    this.#inspections.request(entry.id);
  }

  /** One look at one container. A failure leaves what is known, marked stale. */
  async #look(id: string, isOld: () => boolean): Promise<void> {
    try {
      const seen = await (this.#sources.policy.mode === "labels only"
        ? this.#sources.docker.listOne(id)
        : this.#sources.docker.inspect(id));
      if (!isOld()) this.#see(seen);
    } catch (error) {
      const isGone = error instanceof DockerError && error.errno === "404" && !this.#known.has(id);
      if (isOld() || isGone) return;
      this.#sources.log("warn", "container.unreadable", { id: id.slice(0, 12), reason: faultOf(error) });
      this.#keepStale(id);
      this.#onDoubt();
    } finally {
      this.#listed.delete(id);
    }
  }

  #see(seen: Observed, unread = false): void {
    const { stopSignal, stopMs } = seen;
    this.#keep(seen.id, { container: sanitize(seen, this.#sources.policy, unread), stopSignal, stopMs });
  }

  #keepStale(id: string): void {
    const known = this.#known.get(id);
    const listed = this.#listed.get(id);
    if (known?.container) this.#keep(id, { ...known, container: { ...known.container, stale: true } });
    else if (!known && listed) this.#see(listed, true);
  }

  #keep(id: string, { container, ...known }: Known): void {
    const isStopping = this.#farewells.has(id) && container?.state === "running";
    const kept = container && { ...container, stopping: container.stopping || isStopping };
    this.#known.set(id, { container: kept, ...known });
    if (kept) this.#sources.disclosed.set(kept);
    else this.#sources.disclosed.remove(id);
  }

  #forget(id: string): void {
    this.#known.delete(id);
    this.#endFarewell(id);
    this.#sources.disclosed.remove(id);
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
}

/** Whether the list shows something else than is known. It shows no environment, which cannot change. */
function differs(known: Container | undefined, listed: Observed): boolean {
  return (
    known === undefined ||
    known.state !== listed.state ||
    (known.state === "running" && known.health !== listed.health) ||
    known.name !== listed.name ||
    JSON.stringify(known.networks) !== JSON.stringify(listed.networks)
  );
}
