import { keyOf, type InventoryContainer, type InventoryChange } from "../inventory/inventory-change.ts";
import { Quarantine, type QuarantinedUnit } from "./quarantine.ts";
import type { Attempt } from "./bisect.ts";
import type { Aside } from "./general-source.ts";

/** Characters of a reason that are kept. */
const MAX_WHY = 500;

/** All containers, and those that are left out of every file of a transaction. */
export class TransactionAside {
  readonly #name: string;
  readonly #known = new Map<string, InventoryContainer>();
  readonly #quarantine = new Quarantine<InventoryContainer>();
  readonly #reasons = new WeakMap<InventoryContainer, Aside["reason"]>();

  constructor(name: string) {
    this.#name = name;
  }

  /** All that are not left out. */
  get admitted(): readonly InventoryContainer[] {
    return this.#quarantine.without([...this.#known.values()]);
  }

  /** Those that are left out now. */
  get all(): Aside[] {
    return this.#quarantine.setAside.map(({ unit, why }) => ({
      id: unit.container.id,
      name: unit.container.name,
      host: unit.host,
      reason: this.#reasons.get(unit) ?? "check.refused",
      detail: `left out of all files of ${this.#name}: ${why.slice(0, MAX_WHY)}`,
    }));
  }

  /** Takes a change over, and gives it as those see it who see nobody that is left out. Who changed is tried again. */
  apply({ upserted, gone }: InventoryChange): InventoryChange {
    for (const one of gone) this.#known.delete(keyOf(one));
    for (const one of upserted) this.#known.set(keyOf(one), one);
    if (this.#quarantine.setAside.length === 0) return { upserted, gone };
    this.#quarantine.admit([...this.#known.values()]);
    return { upserted: this.#quarantine.without(upserted), gone };
  }

  /** They cannot be printed. Gives how that changes what is seen. */
  exclude(failed: readonly QuarantinedUnit<InventoryContainer>[]): InventoryChange {
    for (const { unit, why } of failed) {
      this.#quarantine.exclude(unit, why);
      this.#reasons.set(unit, "render.failed");
    }
    return this.#gone(failed.map(({ unit }) => unit));
  }

  /**
   * Leaves out those of some units that are refused. Undefined when that would not help, or when nobody would be left.
   */
  async sift(
    units: readonly InventoryContainer[],
    attempt: Attempt<InventoryContainer>,
    maxAttempts: number,
  ): Promise<InventoryChange | undefined> {
    const found = await this.#quarantine.sift(units, attempt, maxAttempts);
    if (found.kind === "hopeless") return undefined;
    const kept = new Set(found.kept);
    if (this.admitted.length > 0 || units.length === 1) return this.#gone(units.filter((unit) => !kept.has(unit)));
    for (const unit of units) this.#quarantine.readmit(unit);
    return undefined;
  }

  /** These are live together. */
  trust(units: readonly InventoryContainer[]): void {
    this.#quarantine.trust(units);
  }

  /** Everybody is tried again. */
  readmit(): InventoryChange {
    const upserted = this.#quarantine.setAside.map(({ unit }) => unit);
    this.#quarantine.clear();
    return { upserted, gone: [] };
  }

  /** Who changed while it was found out is tried again as it is now. */
  #gone(units: readonly InventoryContainer[]): InventoryChange {
    const isAsItWas = (unit: InventoryContainer): boolean => this.#known.get(keyOf(unit)) === unit;
    for (const unit of units) if (!isAsItWas(unit)) this.#quarantine.readmit(unit);
    return { upserted: [], gone: units.filter(isAsItWas) };
  }
}
