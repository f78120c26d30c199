import type { NotificationParams } from "../../shared/rpc.ts";
import { type Container, isSameContainer } from "../../shared/snapshot.ts";
import type { InventoryContainer, InventoryChange } from "./inventory-change.ts";

/** A notification that does not follow the state copy: a complete snapshot is needed. */
export interface Gap {
  readonly gap: string;
}

/** A copy of one agent's state at one generation of one instance. Updated in place, at the cost of each change. */
export class StateCopy {
  readonly #agent: string;
  #dockerHost = "";
  #instance = "";
  #generation = 0;
  /** The agent does not know the tasks of its swarm yet, so that those known here are kept. */
  keepsTasks = false;
  readonly #known = new Map<string, InventoryContainer>();

  constructor(agent: string) {
    this.#agent = agent;
  }

  /** 0 until the first complete snapshot. */
  get generation(): number {
    return this.#generation;
  }

  get instance(): string {
    return this.#instance;
  }

  get dockerHost(): string {
    return this.#dockerHost;
  }

  get size(): number {
    return this.#known.size;
  }

  get known(): IterableIterator<InventoryContainer> {
    return this.#known.values();
  }

  find(id: string): InventoryContainer | undefined {
    return this.#known.get(id);
  }

  /** Replaces the state by a complete snapshot. Containers that did not change remain the same objects. */
  replace(snapshot: {
    instance: string;
    generation: number;
    dockerHost: string;
    containers: readonly Container[];
    lacksTasks?: boolean | undefined;
  }): InventoryChange {
    const { instance, generation, dockerHost, containers, lacksTasks = false } = snapshot;
    this.keepsTasks = lacksTasks;
    const isRenamed = dockerHost !== this.#dockerHost;
    [this.#instance, this.#generation, this.#dockerHost] = [instance, generation, dockerHost];
    const present = new Set(containers.map(({ id }) => id));
    const absent = [...this.#known.values()].filter(({ container: { id, task } }) => {
      return !present.has(id) && !(lacksTasks && task);
    });
    const gone = this.#remove(absent.map(({ container }) => container.id));
    const changed = containers.filter(
      (container) => isRenamed || !isSameContainer(this.#known.get(container.id)?.container, container),
    );
    return { upserted: changed.map((container) => this.#set(container)), gone };
  }

  /** Fills the state from the cache, marked as stale, before the agent's first snapshot. */
  restore(dockerHost: string, containers: readonly Container[]): InventoryChange {
    this.#dockerHost = dockerHost;
    return { upserted: containers.map((container) => this.#set({ ...container, stale: true })), gone: [] };
  }

  /** Applies a delta, or returns why it does not follow the state. */
  apply(delta: NotificationParams<"snapshot.delta">): InventoryChange | Gap {
    if (this.#generation === 0 || this.#instance !== delta.instance) return { gap: "a delta of an unknown instance" };
    if (delta.base !== this.#generation || delta.generation <= delta.base) {
      return { gap: `a delta from generation ${delta.base} does not follow generation ${this.#generation}` };
    }
    this.#generation = delta.generation;
    const gone = this.#remove(delta.removed);
    return { upserted: delta.upserted.map((container) => this.#set(container)), gone };
  }

  #set(received: Container): InventoryContainer {
    const earlier = this.#known.get(received.id)?.container;
    const container =
      this.keepsTasks && earlier?.task ? ofTask(earlier, received) : withEarlierDetails(earlier, received);
    const known = { agent: this.#agent, dockerHost: this.#dockerHost, container };
    this.#known.set(container.id, known);
    return known;
  }

  #remove(ids: readonly string[]): InventoryContainer[] {
    const gone = ids.flatMap((id) => this.#known.get(id) ?? []);
    for (const id of ids) this.#known.delete(id);
    return gone;
  }
}

/** Keeps the service's labels of a task, whose own Engine knows its state. */
function ofTask(earlier: Container, { state, health, stopping, stoppingUntil }: Container): Container {
  return { ...earlier, state, health, stopping, ...(stoppingUntil !== undefined && { stoppingUntil }), stale: true };
}

/** Keeps the details of an earlier inspection when the agent could not inspect the container again. */
function withEarlierDetails(earlier: Container | undefined, received: Container): Container {
  if (!received.unread || !earlier || earlier.unread) return received;
  const { env, labels, fromImage, ports, withheld, refused } = earlier;
  return { ...received, env, labels, fromImage, ports, withheld, refused, unread: false, stale: true };
}
