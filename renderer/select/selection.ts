import { keyOf, type Known, type KnownChange } from "../inventory/known.ts";
import type { SelectRule } from "./rule.ts";
import { isSelected } from "./select.ts";

/** Narrows changes to the containers a rule takes: one that no longer holds is gone. Costs what changed. */
export class Selection {
  readonly #rule: SelectRule;
  readonly #isBystander: (known: Known) => boolean;
  readonly #selected = new Map<string, Known>();

  /** A bystander is seen though it is not selected, but without anything it asks for: nginx, whose networks matter. */
  constructor(rule: SelectRule, isBystander: (known: Known) => boolean = () => false) {
    this.#rule = rule;
    this.#isBystander = isBystander;
  }

  /** The same change, as it looks to one who only ever sees what is selected. */
  apply({ upserted, gone }: KnownChange): KnownChange {
    const kept = upserted.flatMap((one) => this.#view(one) ?? []);
    const keptKeys = new Set(kept.map(keyOf));
    const lost = [...gone, ...upserted].flatMap((one) => {
      const key = keyOf(one);
      const before = this.#selected.get(key);
      if (before === undefined || keptKeys.has(key)) return [];
      this.#selected.delete(key);
      return [before];
    });
    for (const one of kept) this.#selected.set(keyOf(one), one);
    return { upserted: kept, gone: lost };
  }

  #view(one: Known): Known | undefined {
    if (isSelected(one.container, this.#rule)) return one;
    return this.#isBystander(one) ? { ...one, container: { ...one.container, env: {}, refused: [] } } : undefined;
  }
}
