import type { NotificationParams } from "../../shared/rpc.ts";
import type { Container } from "../../shared/snapshot.ts";
import type { Gap, StateCopy } from "./state-copy.ts";

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

  /** All containers when this was the last part, undefined when more are to come. */
  add(part: NotificationParams<"snapshot.part">, held: StateCopy): readonly Container[] | Gap | undefined {
    const first = this.#parts[0] ?? part;
    if (part.instance !== this.#instance) return { gap: "another instance" };
    const isNext =
      part.part === this.#parts.length && part.generation === first.generation && part.parts === first.parts;
    if (!isNext) return { gap: `part ${part.part} of ${part.parts} out of order` };
    if (held.instance === part.instance && part.generation < held.generation) return { gap: "an older generation" };
    this.#parts.push(part);
    if (this.#parts.length < part.parts) return undefined;
    const containers = this.#parts.flatMap((one) => one.containers);
    this.#parts = [];
    return containers;
  }
}
