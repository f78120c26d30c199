import type { Log } from "../../shared/log.ts";
import type { InventoryChange } from "../inventory/inventory-change.ts";
import { Reconciler } from "../publish/reconciler.ts";
import type { Loop } from "./target.ts";
import type { TargetStatus } from "../status/build-report.ts";

/** Targets that are published together, or one by itself. */
export interface Kept {
  readonly standings: readonly TargetStatus[];
  /** Before anything is known: what a process that was killed left is put right. */
  prepare(): Promise<void>;
  start(signal: AbortSignal): void;
  take(change: InventoryChange, isComplete: boolean): void;
  /** What was refused or could not be done is tried at once, however long it was to wait. */
  retryNow(): void;
  stop(): Promise<void>;
}

/** Keeps a target by itself. */
export function keepAlone(loop: Loop, log: Log): Kept {
  const { destination, editions, target } = loop;
  const reconciler = new Reconciler({ destinations: [destination], editions, wait: target.wait, log });
  const tryAgain = (): void => {
    loop.tryAgain();
    reconciler.changed();
  };
  return {
    get standings() {
      return reconciler.states.map((state) => loop.standing(state));
    },
    prepare: async () => await reconciler.prepare(),
    start: (signal) => {
      const changed = (): void => reconciler.changed();
      const retryNow = (): void => reconciler.retryNow();
      const tellAgain = (): void => reconciler.tellAgain(destination);
      loop.start({ changed, retryNow, tellAgain, tryAgain }, signal);
    },
    take: (change, isComplete) => loop.take(change, isComplete),
    retryNow: () => reconciler.retryNow(),
    stop: async () => await reconciler.stop(),
  };
}
