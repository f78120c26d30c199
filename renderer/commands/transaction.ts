import { join } from "node:path";
import type { Log } from "../../shared/log.ts";
import type { Known, KnownChange } from "../inventory/known.ts";
import type { Wait } from "../publish/debounce.ts";
import type { CheckTexts, Edition, Editions } from "../publish/edition.ts";
import { Journal } from "../publish/journal.ts";
import { Printed } from "../publish/printed.ts";
import { Reconciler } from "../publish/reconciler.ts";
import { isHold } from "../publish/source.ts";
import type { Hold } from "../routes/routes.ts";
import { AsideLog } from "./aside-log.ts";
import type { Kept } from "./keep.ts";
import type { Loop, Print } from "./loop.ts";
import type { TargetStanding } from "./report.ts";
import { RetryAside } from "./retry-aside.ts";
import { TransactionAside } from "./transaction-aside.ts";

/**
 * Keeps targets that are published as one: of one inventory, all or none. Who has to be left out of one of their files
 * is left out of all.
 */
export class Transaction implements Kept, Editions {
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
      editions: this,
      journal: new Journal(join(loops[0].destination.volume.own, `${name}.transaction.json`)),
      wait: longest(loops.map(({ target }) => target.wait)),
      log,
    });
  }

  get standings(): readonly TargetStanding[] {
    const { states } = this.#reconciler;
    return this.#loops.map((loop, index) => {
      const standing = loop.standing(states[index]!);
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

  take(change: KnownChange, isComplete: boolean): void {
    this.#isComplete = isComplete;
    this.#tell(this.#aside.apply(change));
  }

  async stop(): Promise<void> {
    await this.#reconciler.stop();
  }

  readonly nothing = async (): Promise<readonly Printed[]> =>
    await Promise.all(this.#loops.map(async ({ member }) => new Printed(await member.nothing())));

  /** Tries until everybody can be printed who is not left out. */
  readonly wanted = async (): Promise<Edition | Hold | undefined> => {
    for (;;) {
      // All begins in one turn, so that all files are of one inventory.
      const containers = this.#aside.admitted;
      const begun = this.#loops.map(({ member }) => member.print());
      const prints = await Promise.allSettled(begun.filter((one) => one instanceof Promise));
      if (begun.includes(undefined)) return undefined;
      const hold = begun.find((one): one is Hold => one !== undefined && isHold(one));
      if (hold) return hold;
      const made = prints.map(printOf);
      const failed = made.flatMap((print) => print.failed);
      if (failed.length === 0)
        return this.#editionOf(
          containers,
          made.map(({ text }) => new Printed(text)),
        );
      this.#leaveOut(this.#aside.exclude(failed));
    }
  };

  #editionOf(containers: readonly Known[], texts: readonly Printed[]): Edition {
    return {
      texts,
      reduce: async (check) => await this.#reduce(containers, check),
      published: () => {
        this.#aside.trust(containers);
        this.#retry.published(this.#aside.all.length);
      },
    };
  }

  async #reduce(containers: readonly Known[], check: CheckTexts): Promise<Edition | Hold | undefined> {
    const attempt = async (some: readonly Known[]): Promise<string | undefined> => {
      const texts: Printed[] = [];
      for (const { member } of this.#loops) {
        const made = await member.printOf(some, containers);
        if ("why" in made) return made.why;
        texts.push(new Printed(made));
      }
      return await check(texts);
    };
    const change = await this.#aside.sift(containers, attempt);
    if (!change) return undefined;
    this.#leaveOut(change);
    return await this.wanted();
  }

  #leaveOut({ gone }: KnownChange): void {
    for (const loop of this.#loops) {
      const unseen = gone.filter((one) => !loop.member.needs(one));
      loop.take({ upserted: [], gone: unseen }, this.#isComplete);
    }
    this.#asideLog.say(this.#aside.all);
  }

  #tell(change: KnownChange): void {
    for (const loop of this.#loops) loop.take(change, this.#isComplete);
  }

  #tryAgain(): void {
    for (const loop of this.#loops) loop.tryAgain();
    this.#tell(this.#aside.readmit());
    this.#reconciler.changed();
  }
}

function printOf(settled: PromiseSettledResult<Print>): Print {
  if (settled.status === "rejected") throw settled.reason;
  return settled.value;
}

/** Whoever wants to wait longest is right for all. */
function longest(waits: readonly Wait[]): Wait {
  return {
    minMs: Math.max(...waits.map(({ minMs }) => minMs)),
    maxMs: Math.max(...waits.map(({ maxMs }) => maxMs)),
  };
}
