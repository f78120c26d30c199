import type { Container } from "../../shared/snapshot.ts";

/** A container, and where its record came from. The same object as long as nothing about it changes. */
export interface Known {
  /** Socket path of the agent: two containers share networks only within one. */
  readonly agent: string;
  /** Name of the Docker host, as its agent calls itself. */
  readonly host: string;
  readonly container: Container;
}

/** What became different: new or changed records, and the last records of containers that are gone. */
export interface KnownChange {
  readonly upserted: readonly Known[];
  readonly gone: readonly Known[];
}

/** Tells containers of all agents apart. */
export function keyOf({ agent, container }: Known): string {
  return `${agent}\n${container.id}`;
}
