import type { Target } from "../config/schema.ts";
import type { InventoryContainer, InventoryChange } from "../inventory/inventory-change.ts";
import type { Destination } from "../publish/destination.ts";
import type { Editions } from "../publish/edition.ts";
import type { QuarantinedUnit } from "./quarantine.ts";
import type { TargetState } from "../publish/target-progress.ts";
import type { Blocked } from "../routes/routes.ts";
import type { TargetStatus } from "../status/build-report.ts";

/** One target: what it makes of the containers, and what it watches besides. Told by its keeper, and tells it. */
export interface Loop {
  readonly target: Target;
  readonly destination: Destination;
  /** Of its file by itself. */
  readonly editions: Editions;
  /** Of its file among others. */
  readonly member: Member;
  standing(state: TargetState): TargetStatus;
  start(keeper: Keeper, signal: AbortSignal): void;
  /** Tells the keeper when that is worth a pass. */
  take(change: InventoryChange, isComplete: boolean): void;
  /** Looks again at templates, files and what is live. */
  refresh(): void;
  /** Everybody who was set aside is tried again with the next pass. */
  tryAgain(): void;
}

/** Prints a file that is published with others. */
export interface Member {
  /** Stands where nothing is known yet. */
  nothing(): Buffer | Promise<Buffer>;
  /** Its text of all that is known in this turn; undefined while not all is known. Rejects with TemplateError. */
  print(): Promise<Print> | Blocked | undefined;
  /** Its text with some of all containers, or why there is none. */
  printOf(
    some: readonly InventoryContainer[],
    all: readonly InventoryContainer[],
  ): Promise<Buffer | { readonly why: string }>;
  /** Whether this container is to be seen even when it is left out: nginx, whose networks matter. */
  needs(known: InventoryContainer): boolean;
}

/** A text, and who is not in it because it cannot be printed. */
export interface Print {
  readonly text: Buffer;
  readonly failed: readonly QuarantinedUnit<InventoryContainer>[];
}

/** Publishes for a target, alone or with others. */
export interface Keeper {
  /** There may be something to publish. */
  changed(): void;
  /** What could not be done may work now. */
  retryNow(): void;
  /** The server is to be told once more, of the same file if need be. */
  tellAgain(): void;
  /** Those that are set aside may be good now. */
  tryAgain(): void;
}
