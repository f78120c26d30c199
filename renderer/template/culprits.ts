/** Which containers a rendering failed for. */
export interface Fault {
  /** Of the container in the list that was rendered. */
  readonly index: number;
  readonly message: string;
}

/** Knows whose turn it is inside `each` and `with`: an error there is that container's, and the others go on. */
export class Culprits {
  readonly #indexes = new Map<unknown, number>();
  readonly #faults = new Map<number, string>();

  constructor(containers: readonly unknown[]) {
    for (const [index, container] of containers.entries()) this.#indexes.set(container, index);
  }

  /** By index; not empty: the text is worth nothing. */
  get faults(): Fault[] {
    return [...this.#faults].map(([index, message]) => ({ index, message }));
  }

  /** Runs a block for this item; when it fails and the item is a container, that is noted and nothing printed. */
  within(item: unknown, block: () => string): string {
    const index = this.#indexes.get(item);
    if (index === undefined) return block();
    try {
      return block();
    } catch (error) {
      if (!this.#faults.has(index)) this.#faults.set(index, (error as Error).message);
      return "";
    }
  }
}
