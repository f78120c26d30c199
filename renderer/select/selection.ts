import { keyOf, type InventoryContainer, type InventoryChange } from "../inventory/inventory-change.ts";
import type { SelectRule } from "./rule.ts";
import { whyLeftOut } from "./select.ts";

/** A container that is not taken, and why, as a part of a sentence. */
export interface FilteredContainer {
  readonly known: InventoryContainer;
  readonly why: string;
}

/** A change as it looks to one who only ever sees what is selected. */
export interface SelectedChange extends InventoryChange {
  /** Those that are not taken and were, or for another reason than before. */
  readonly leftOut: readonly FilteredContainer[];
}

/** Narrows changes to the containers a rule takes: one that no longer holds is gone. Costs what changed. */
export class Selection {
  readonly #rule: SelectRule;
  readonly #isBystander: (known: InventoryContainer) => boolean;
  readonly #selected = new Map<string, InventoryContainer>();
  readonly #leftOut = new Map<string, FilteredContainer>();

  /** A bystander is seen though it is not selected, but without anything it asks for: nginx, whose networks matter. */
  constructor(rule: SelectRule, isBystander: (known: InventoryContainer) => boolean = () => false) {
    this.#rule = rule;
    this.#isBystander = isBystander;
  }

  /** All that are not taken now. */
  get leftOut(): readonly FilteredContainer[] {
    return [...this.#leftOut.values()];
  }

  apply({ upserted, gone }: InventoryChange): SelectedChange {
    const kept: InventoryContainer[] = [];
    const leftOut: FilteredContainer[] = [];
    const lost = new Map<string, InventoryContainer>();
    for (const one of gone) this.#lose(one, lost);
    for (const one of upserted) {
      const key = keyOf(one);
      const why = whyLeftOut(one.container, this.#rule);
      const view = why === undefined ? one : this.#viewOfBystander(one);
      if (view) {
        lost.delete(key);
        this.#leftOut.delete(key);
        this.#selected.set(key, view);
        kept.push(view);
        continue;
      }
      const before = this.#leftOut.get(key);
      this.#lose(one, lost);
      const now = { known: one, why: why ?? "" };
      this.#leftOut.set(key, now);
      if (before?.why !== now.why) leftOut.push(now);
    }
    return { upserted: kept, gone: [...lost.values()], leftOut };
  }

  #lose(one: InventoryContainer, lost: Map<string, InventoryContainer>): void {
    const key = keyOf(one);
    const before = this.#selected.get(key);
    if (before) lost.set(key, before);
    this.#selected.delete(key);
    this.#leftOut.delete(key);
  }

  #viewOfBystander(one: InventoryContainer): InventoryContainer | undefined {
    return this.#isBystander(one) ? { ...one, container: { ...one.container, env: {}, refused: [] } } : undefined;
  }
}
