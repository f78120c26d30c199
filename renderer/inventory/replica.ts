import { applyChange } from "../../shared/delta.ts";
import type { NotificationParams } from "../../shared/rpc.ts";
import type { Container, Containers } from "../../shared/snapshot.ts";

/** What one agent told, at one generation of one instance. */
export interface Replica {
  readonly instance: string;
  readonly generation: number;
  readonly containers: Containers;
}

/** What was told cannot follow what is held: ask for the whole. */
export interface Gap {
  readonly gap: string;
}

/** A snapshot as its parts arrive. */
export class Assembly {
  readonly #instance: string;
  #parts: NotificationParams<"snapshot.part">[] = [];

  constructor(instance: string) {
    this.#instance = instance;
  }

  /** True while a snapshot has begun and is not complete. */
  get isOpen(): boolean {
    return this.#parts.length > 0;
  }

  /** The replica when this was the last part, undefined when more are to come. */
  add(part: NotificationParams<"snapshot.part">, held: Replica | undefined): Replica | Gap | undefined {
    const first = this.#parts[0] ?? part;
    if (part.instance !== this.#instance) return { gap: "another instance" };
    const isNext =
      part.part === this.#parts.length && part.generation === first.generation && part.parts === first.parts;
    if (!isNext) return { gap: `part ${part.part} of ${part.parts} out of order` };
    if (held?.instance === part.instance && part.generation < held.generation) return { gap: "an older generation" };
    this.#parts.push(part);
    if (this.#parts.length < part.parts) return undefined;
    const containers = this.#parts.flatMap((one) => one.containers);
    this.#parts = [];
    const merged = keepRead(held?.containers, containers);
    return { instance: part.instance, generation: part.generation, containers: merged };
  }
}

/** Pure: a delta applied to what is held, or why it does not fit. */
export function applyDelta(held: Replica | undefined, delta: NotificationParams<"snapshot.delta">): Replica | Gap {
  if (!held || held.instance !== delta.instance) return { gap: "a change of something never seen" };
  if (delta.base !== held.generation || delta.generation <= delta.base) {
    return { gap: `a change from generation ${delta.base} while ${held.generation} is held` };
  }
  const upserted = [...keepRead(held.containers, delta.upserted).values()];
  const containers = applyChange(held.containers, { upserted, removed: delta.removed });
  return { instance: held.instance, generation: delta.generation, containers };
}

/** An agent that could not inspect a container again must not take away what it once read. */
function keepRead(held: Containers | undefined, told: readonly Container[]): Map<string, Container> {
  return new Map(told.map((container) => [container.id, withEarlierReading(held?.get(container.id), container)]));
}

function withEarlierReading(held: Container | undefined, told: Container): Container {
  if (!told.unread || !held || held.unread) return told;
  const { env, labels, ports, withheld, refused } = held;
  return { ...told, env, labels, ports, withheld, refused, unread: false, stale: true };
}
