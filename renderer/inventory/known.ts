import type { Container } from "../../shared/snapshot.ts";

/** A container, and where its record came from. */
export interface Known {
  /** Socket path of the agent: two containers share networks only within one. */
  readonly agent: string;
  /** Name of the Docker host, as its agent calls itself. */
  readonly host: string;
  readonly container: Container;
}
