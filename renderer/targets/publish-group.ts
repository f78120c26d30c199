import { join } from "node:path";
import type { Log } from "../../shared/log.ts";
import type { InventoryChange } from "../inventory/inventory-change.ts";
import type { Wait } from "../publish/debounce.ts";
import { Journal } from "../publish/journal.ts";
import { Reconciler } from "../publish/reconciler.ts";
import { AsideLog } from "./quarantine-log.ts";
import type { Kept } from "./keep.ts";
import type { Loop } from "./target.ts";
import type { TargetStatus } from "../status/build-report.ts";
import { RetryAside } from "./quarantine-retry.ts";
import { TransactionAside } from "./transaction-aside.ts";
import { TransactionEditions } from "./transaction-editions.ts";

/**
 * Keeps targets that are published as one: of one inventory, all or none. Who has to be left out of one of their files
 * is left out of all.
 */
export class Transaction implements Kept {
  readonly #loops: readonly Loop[];
  readonly #reconciler: Reconciler;
  readonly #aside: TransactionAside;
  readonly #asideLog: AsideLog;
  readonly #retry = new RetryAside(() => this.#tryAgain());
  #isComplete = false;

  constructor(name: string, loops: readonly [Loop, ...Loop[]], log: Log) {
    this.#loops = loops;
    this.#aside = new TransactionAside(name);
    this.#asideLog = new AsideLog(log);
    this.#reconciler = new Reconciler({
      destinations: loops.map(({ destination }) => destination),
      editions: new TransactionEditions({
        members: loops.map(({ member }) => member),
        aside: this.#aside,
        isKept: loops.some(({ target }) => target.onFailure === "keep"),
        leaveOut: (change) => this.#leaveOut(change),
        published: () => this.#retry.published(this.#aside.all.length),
      }),
      journal: new Journal(join(loops[0].destination.volume.own, `${name}.transaction.json`)),
      wait: longest(loops.map(({ target }) => target.wait)),
      log,
    });
  }

  get standings(): readonly TargetStatus[] {
    const { states } = this.#reconciler;
    return this.#loops.map((loop, index) => {
      const standing = { ...loop.standing(states[index]!), transaction: loop.target.transaction };
      if (index > 0) return standing;
      const quarantined = [...standing.routes.quarantined, ...this.#aside.all];
      return { ...standing, routes: { ...standing.routes, quarantined } };
    });
  }

  async prepare(): Promise<void> {
    await this.#reconciler.prepare();
  }

  start(signal: AbortSignal): void {
    const changed = (): void => this.#reconciler.changed();
    const retryNow = (): void => this.#reconciler.retryNow();
    const tryAgain = (): void => this.#tryAgain();
    for (const loop of this.#loops) {
      const tellAgain = (): void => this.#reconciler.tellAgain(loop.destination);
      loop.start({ changed, retryNow, tellAgain, tryAgain }, signal);
    }
    signal.addEventListener("abort", () => this.#retry.stop(), { once: true });
  }

  take(change: InventoryChange, isComplete: boolean): void {
    this.#isComplete = isComplete;
    this.#tell(this.#aside.apply(change));
  }

  retryNow(): void {
    this.#reconciler.retryNow();
  }

  async stop(): Promise<void> {
    await this.#reconciler.stop();
  }

  #leaveOut({ gone }: InventoryChange): void {
    for (const loop of this.#loops) {
      const unseen = gone.filter((one) => !loop.member.needs(one));
      loop.take({ upserted: [], gone: unseen }, this.#isComplete);
    }
    this.#asideLog.say(this.#aside.all);
  }

  #tell(change: InventoryChange): void {
    for (const loop of this.#loops) loop.take(change, this.#isComplete);
  }

  #tryAgain(): void {
    for (const loop of this.#loops) loop.tryAgain();
    this.#tell(this.#aside.readmit());
    this.#reconciler.changed();
  }
}

/** Whoever wants to wait longest is right for all. */
function longest(waits: readonly Wait[]): Wait {
  return {
    minMs: Math.max(...waits.map(({ minMs }) => minMs)),
    maxMs: Math.max(...waits.map(({ maxMs }) => maxMs)),
  };
}
