import type { Container } from "../../shared/snapshot.ts";

/** A container and the agent that reported it. The object remains the same as long as the container does not change. */
export interface InventoryContainer {
  /** Socket path of the agent. Containers share networks only within one agent. */
  readonly agent: string;
  /** Name of the Docker host, from its agent. */
  readonly dockerHost: string;
  /** With the networks of `joined`, if it uses them. */
  readonly container: Container;
  /** The container whose network it uses. */
  readonly joined?: Pick<Container, "name" | "state">;
}

/** New or changed containers, and the last state of removed ones. */
export interface InventoryChange {
  readonly upserted: readonly InventoryContainer[];
  readonly gone: readonly InventoryContainer[];
}

/** Returns a key that is unique across all agents. */
export function keyOf({ agent, container }: InventoryContainer): string {
  return `${agent}\n${container.id}`;
}
