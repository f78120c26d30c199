import { COMPOSE_LABELS } from "../../shared/compose.ts";
import { keyOf, type InventoryContainer, type InventoryChange } from "../inventory/inventory-change.ts";
import type { SelectRule } from "./rule.ts";
import { filterReason } from "./select.ts";

/** A container that the rule excludes, and why. */
export interface FilteredContainer {
  readonly known: InventoryContainer;
  /** `<what is wrong>; <what to do>`. */
  readonly reason: string;
}

/** A change reduced to the selected containers. */
export interface SelectedChange extends InventoryChange {
  /** Containers that are excluded now and were not before, or for another reason. */
  readonly filtered: readonly FilteredContainer[];
}

/** Reduces changes to the containers that a rule selects. The cost of a change depends on what it touches. */
export class Selection {
  readonly #rule: SelectRule;
  readonly #isProxy: (known: InventoryContainer) => boolean;
  readonly #proxyLabel: string | undefined;
  readonly #selected = new Map<string, InventoryContainer>();
  readonly #filtered = new Map<string, FilteredContainer>();

  /** nginx's container is passed on although it is excluded, as `withoutRequests` returns it. */
  constructor(rule: SelectRule, isProxy: (known: InventoryContainer) => boolean = () => false, proxyLabel?: string) {
    this.#rule = rule;
    this.#isProxy = isProxy;
    this.#proxyLabel = proxyLabel;
  }

  get filtered(): readonly FilteredContainer[] {
    return [...this.#filtered.values()];
  }

  apply({ upserted, gone }: InventoryChange): SelectedChange {
    const selected: InventoryContainer[] = [];
    const filtered: FilteredContainer[] = [];
    const removed = new Map<string, InventoryContainer>();
    for (const one of gone) this.#remove(one, removed);
    for (const one of upserted) {
      const key = keyOf(one);
      const reason = filterReason(one.container, this.#rule);
      const view = reason === undefined ? one : this.#viewOfProxy(one);
      if (view) {
        removed.delete(key);
        this.#filtered.delete(key);
        this.#selected.set(key, view);
        selected.push(view);
        continue;
      }
      const before = this.#filtered.get(key);
      this.#remove(one, removed);
      const now = { known: one, reason: reason ?? "" };
      this.#filtered.set(key, now);
      if (before?.reason !== now.reason) filtered.push(now);
    }
    return { upserted: selected, gone: [...removed.values()], filtered };
  }

  #remove(one: InventoryContainer, removed: Map<string, InventoryContainer>): void {
    const key = keyOf(one);
    const before = this.#selected.get(key);
    if (before) removed.set(key, before);
    this.#selected.delete(key);
    this.#filtered.delete(key);
  }

  #viewOfProxy(one: InventoryContainer): InventoryContainer | undefined {
    return this.#isProxy(one) ? withoutRequests(one, this.#proxyLabel) : undefined;
  }
}

/**
 * Returns nginx's container with its networks and its owner, so that it requests nothing: of its labels only `proxyLabel`
 * and those of Compose remain.
 */
export function withoutRequests(one: InventoryContainer, proxyLabel: string | undefined): InventoryContainer {
  const isKept = (name: string): boolean => name === proxyLabel || COMPOSE_LABELS.includes(name);
  const labels = Object.fromEntries(Object.entries(one.container.labels).filter(([name]) => isKept(name)));
  return { ...one, container: { ...one.container, env: {}, labels, refused: [] } };
}
