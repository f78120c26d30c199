import type { Container } from "../../shared/snapshot.ts";

/** A container, and where its record came from. The same object as long as nothing about it changes. */
export interface InventoryContainer {
  /** Socket path of the agent: two containers share networks only within one. */
  readonly agent: string;
  /** Name of the Docker host, as its agent calls itself. */
  readonly host: string;
  readonly container: Container;
}

/** What became different: new or changed records, and the last records of containers that are gone. */
export interface InventoryChange {
  readonly upserted: readonly InventoryContainer[];
  readonly gone: readonly InventoryContainer[];
}

/** Tells containers of all agents apart. */
export function keyOf({ agent, container }: InventoryContainer): string {
  return `${agent}\n${container.id}`;
}
