import type { NotificationParams } from "../../shared/rpc.ts";
import { type Container, isSameContainer } from "../../shared/snapshot.ts";
import type { InventoryContainer, InventoryChange } from "./inventory-change.ts";

/** What was told cannot follow what is held: ask for the whole. */
export interface Gap {
  readonly gap: string;
}

/** What one agent told, at one generation of one instance. Changed in place: a change costs its own size. */
export class StateCopy {
  readonly #agent: string;
  #host = "";
  #instance = "";
  #generation = 0;
  readonly #known = new Map<string, InventoryContainer>();

  constructor(agent: string) {
    this.#agent = agent;
  }

  /** 0 until the agent has told everything once. */
  get generation(): number {
    return this.#generation;
  }

  get instance(): string {
    return this.#instance;
  }

  get size(): number {
    return this.#known.size;
  }

  get known(): IterableIterator<InventoryContainer> {
    return this.#known.values();
  }

  /** Puts a complete snapshot in place of what is held; what did not change stays the same object. */
  replace(told: {
    instance: string;
    generation: number;
    host: string;
    containers: readonly Container[];
  }): InventoryChange {
    const isElsewhere = told.host !== this.#host;
    [this.#instance, this.#generation, this.#host] = [told.instance, told.generation, told.host];
    const present = new Set(told.containers.map(({ id }) => id));
    const gone = this.#remove([...this.#known.keys()].filter((id) => !present.has(id)));
    const changed = told.containers.filter(
      (container) => isElsewhere || !isSameContainer(this.#known.get(container.id)?.container, container),
    );
    return { upserted: changed.map((container) => this.#set(container)), gone };
  }

  /** Takes what was known before this process began, as old; the agent has not told anything yet. */
  recall(host: string, containers: readonly Container[]): InventoryChange {
    this.#host = host;
    return { upserted: containers.map((container) => this.#set({ ...container, stale: true })), gone: [] };
  }

  get host(): string {
    return this.#host;
  }

  /** Applies a change that follows what is held, or says why it does not. */
  apply(delta: NotificationParams<"snapshot.delta">): InventoryChange | Gap {
    if (this.#generation === 0 || this.#instance !== delta.instance) return { gap: "a change of something never seen" };
    if (delta.base !== this.#generation || delta.generation <= delta.base) {
      return { gap: `a change from generation ${delta.base} while ${this.#generation} is held` };
    }
    this.#generation = delta.generation;
    const gone = this.#remove(delta.removed);
    return { upserted: delta.upserted.map((container) => this.#set(container)), gone };
  }

  #set(told: Container): InventoryContainer {
    const container = withEarlierReading(this.#known.get(told.id)?.container, told);
    const known = { agent: this.#agent, host: this.#host, container };
    this.#known.set(container.id, known);
    return known;
  }

  #remove(ids: readonly string[]): InventoryContainer[] {
    const gone = ids.flatMap((id) => this.#known.get(id) ?? []);
    for (const id of ids) this.#known.delete(id);
    return gone;
  }
}

/** An agent that could not inspect a container again must not take away what it once read. */
function withEarlierReading(held: Container | undefined, told: Container): Container {
  if (!told.unread || !held || held.unread) return told;
  const { env, labels, ports, withheld, refused } = held;
  return { ...told, env, labels, ports, withheld, refused, unread: false, stale: true };
}
