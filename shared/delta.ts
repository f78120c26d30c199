import type { Container, Containers } from "./snapshot.ts";

/** What changed between two generations. An id is never in both lists. */
export interface Change {
  readonly upserted: readonly Container[];
  readonly removed: readonly string[];
}

/** The change that turns `before` into `after`; sorted by id, so that equal inputs give equal text. */
export function diff(before: Containers, after: Containers): Change {
  const upserted = [...after.values()].filter((container) => !sameContainer(before.get(container.id), container));
  const removed = [...before.keys()].filter((id) => !after.has(id));
  return { upserted: upserted.toSorted((a, b) => (a.id < b.id ? -1 : 1)), removed: removed.toSorted() };
}

/** A new map: apply(a, diff(a, b)) equals b. */
export function applyChange(before: Containers, change: Change): Containers {
  const after = new Map(before);
  for (const id of change.removed) after.delete(id);
  for (const container of change.upserted) after.set(container.id, container);
  return after;
}

/** True when both disclose the same. Records are built in one fixed key order, so text decides. */
export function sameContainer(a: Container | undefined, b: Container): boolean {
  return a === b || (a !== undefined && JSON.stringify(a) === JSON.stringify(b));
}
