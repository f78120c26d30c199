import { type Hopeless, sift, type Attempt } from "./bisect.ts";

/** Something that is left out of what is published, and why. */
export interface QuarantinedUnit<Unit> {
  readonly unit: Unit;
  readonly why: string;
}

/** Said of a unit when there were too many culprits to find each. */
const UNTRIED = "came with others that are refused, and there were too many to try each: tried again later";

/**
 * Remembers which units are left out. A unit is an object that is another one as soon as anything about it changes:
 * then it is tried again.
 */
export class Quarantine<Unit extends object> {
  #aside = new Map<Unit, string>();
  #trusted = new WeakSet<Unit>();

  get setAside(): QuarantinedUnit<Unit>[] {
    return [...this.#aside].map(([unit, why]) => ({ unit, why }));
  }

  /** Of all units there are, those that are not left out. What is not among them any more is forgotten. */
  admit(all: readonly Unit[]): Unit[] {
    const there = new Set(all);
    for (const unit of this.#aside.keys()) if (!there.has(unit)) this.#aside.delete(unit);
    return this.without(all);
  }

  /** Of some units, those that are not left out. */
  without(units: readonly Unit[]): Unit[] {
    return units.filter((unit) => !this.#aside.has(unit));
  }

  exclude(unit: Unit, why: string): void {
    this.#aside.set(unit, why);
  }

  /** These were published together: when something fails later it is not because of them, most likely. */
  trust(units: readonly Unit[]): void {
    this.#trusted = new WeakSet(units);
  }

  /** It is tried again. */
  readmit(unit: Unit): void {
    this.#aside.delete(unit);
  }

  /** Everything is tried again. */
  clear(): void {
    this.#aside.clear();
  }

  /**
   * Finds who is to be left out of units that failed together, and leaves them out. Gives the others,
   * in their order, or why that does not help. What `attempt` throws ends it, and nothing is left out.
   */
  async sift(
    units: readonly Unit[],
    attempt: Attempt<Unit>,
    maxAttempts: number,
  ): Promise<{ readonly kind: "sifted"; readonly kept: Unit[] } | Hopeless> {
    const inOrder = async (some: readonly Unit[]): Promise<string | undefined> => {
      const wanted = new Set(some);
      return await attempt(units.filter((unit) => wanted.has(unit)));
    };
    const trusted = units.filter((unit) => this.#trusted.has(unit));
    const suspects = units.filter((unit) => !this.#trusted.has(unit));
    const found = await sift({ trusted, suspects }, inOrder, maxAttempts);
    if (found.kind === "hopeless") return found;
    for (const { unit, why } of found.culprits) this.exclude(unit, why);
    for (const unit of found.untried) this.exclude(unit, UNTRIED);
    return { kind: "sifted", kept: this.without(units) };
  }
}
