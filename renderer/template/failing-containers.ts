export interface Fault {
  /** Index in the rendered list of containers. */
  readonly index: number;
  readonly message: string;
}

/** Attributes errors inside `each` and `with` to the container of that turn, so that the other containers still render. */
export class FailingContainers {
  readonly #indexes = new Map<unknown, number>();
  readonly #faults = new Map<number, string>();
  #current: number | undefined;

  constructor(containers: readonly unknown[]) {
    for (const [index, container] of containers.entries()) this.#indexes.set(container, index);
  }

  /** If not empty, the rendered text is incomplete and must not be used. */
  get faults(): Fault[] {
    return [...this.#faults].map(([index, message]) => ({ index, message }));
  }

  /** Renders the block. If it fails and the item is a container, records the first error of that container and returns "". */
  attribute(item: unknown, block: () => string): string {
    const index = this.#indexes.get(item);
    if (index === undefined) return block();
    const outer = this.#current;
    this.#current = index;
    try {
      return block();
    } catch (error) {
      this.blame(index, (error as Error).message);
      return "";
    } finally {
      this.#current = outer;
    }
  }

  /** The index of the container whose block is rendered now. */
  get current(): number | undefined {
    return this.#current;
  }

  /** Records the first error of a container. */
  blame(index: number, message: string): void {
    if (!this.#faults.has(index)) this.#faults.set(index, message);
  }
}
