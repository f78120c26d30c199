import type { InventoryContainer } from "../inventory/inventory-change.ts";
import type { FilteredContainer } from "../select/selection.ts";
import type { Report } from "./report.ts";
import type { TargetStatus } from "./build-report.ts";

/** Which containers a general target takes. */
export interface Listing {
  readonly taken: readonly InventoryContainer[];
  readonly leftOut: readonly FilteredContainer[];
}

/** Each container that a general target was told of, with what becomes of it in each of these. */
export function listedIn(targets: readonly TargetStatus[]): NonNullable<Report["listed"]> {
  const listed = new Map<string, NonNullable<Report["listed"]>[number]>();
  const entryOf = ({ host, container: { id, name } }: InventoryContainer) => {
    const entry = listed.get(keyOf({ host, id })) ?? { id, host, name, destinations: [], leftOut: [] };
    listed.set(keyOf({ host, id }), entry);
    return entry;
  };
  for (const { state, listing, routes } of targets) {
    const { destination } = state;
    const aside = new Set(routes.quarantined.map(keyOf));
    for (const known of listing?.taken ?? []) {
      const entry = entryOf(known);
      if (!aside.has(keyOf(entry))) entry.destinations.push(destination);
    }
    for (const { known, why } of listing?.leftOut ?? []) entryOf(known).leftOut.push({ destination, detail: why });
  }
  return [...listed.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function keyOf({ host, id }: { readonly host: string; readonly id: string }): string {
  return `${host} ${id}`;
}
