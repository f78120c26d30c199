/** Why a unit is quarantined, and what it failed with. */
export interface QuarantineEntry<Unit> {
  readonly unit: Unit;
  readonly code: QuarantineCode;
  readonly error: string;
}

export type QuarantineCode = "render.failed" | "check.rejected" | "reload.rejected";

/**
 * Units that are excluded from all files of a group. A unit is an object that is replaced when anything in it changes; the
 * new one is not quarantined.
 */
export class Quarantine<Unit extends object> {
  readonly #entries = new Map<Unit, QuarantineEntry<Unit>>();

  get entries(): readonly QuarantineEntry<Unit>[] {
    return [...this.#entries.values()];
  }

  get units(): ReadonlySet<Unit> {
    return new Set(this.#entries.keys());
  }

  get size(): number {
    return this.#entries.size;
  }

  add(entry: QuarantineEntry<Unit>): void {
    this.#entries.set(entry.unit, entry);
  }

  /** Forgets units that no longer exist. */
  retain(all: readonly Unit[]): void {
    if (this.size === 0) return;
    const existing = new Set(all);
    for (const unit of this.#entries.keys()) if (!existing.has(unit)) this.#entries.delete(unit);
  }

  /** Returns the units that are not quarantined, in their order. */
  without(units: readonly Unit[]): readonly Unit[] {
    return this.size === 0 ? units : units.filter((unit) => !this.#entries.has(unit));
  }

  clear(): void {
    this.#entries.clear();
  }
}
