import type { NotificationParams } from "../../shared/rpc.ts";
import type { Container } from "../../shared/snapshot.ts";
import type { Gap, StateCopy } from "./state-copy.ts";

/** Assembles a snapshot from its parts. */
export class Assembly {
  readonly #instance: string;
  #parts: NotificationParams<"snapshot.part">[] = [];

  constructor(instance: string) {
    this.#instance = instance;
  }

  /** True between the first and the last part of a snapshot. */
  get isOpen(): boolean {
    return this.#parts.length > 0;
  }

  /** Returns all containers after the last part, undefined before it. */
  add(part: NotificationParams<"snapshot.part">, current: StateCopy): readonly Container[] | Gap | undefined {
    const first = this.#parts[0] ?? part;
    if (part.instance !== this.#instance) return { gap: "a part of another instance" };
    const isNext =
      part.part === this.#parts.length && part.generation === first.generation && part.parts === first.parts;
    if (!isNext) return { gap: `part ${part.part} of ${part.parts} out of order` };
    if (current.instance === part.instance && part.generation < current.generation)
      return { gap: "a part of an older generation" };
    this.#parts.push(part);
    if (this.#parts.length < part.parts) return undefined;
    const containers = this.#parts.flatMap((one) => one.containers);
    this.#parts = [];
    return containers;
  }
}
