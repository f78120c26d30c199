import { keyOf, type InventoryContainer, type InventoryChange } from "../inventory/inventory-change.ts";
import type { CheckTexts, Edition, Editions } from "../publish/edition.ts";
import { TemplateError } from "../template/template.ts";
import { RenderedFile } from "../publish/rendered-file.ts";
import type { QuarantinedUnit } from "./quarantine.ts";
import type { Attempt } from "./bisect.ts";
import { isBlocked } from "./source.ts";
import type { Blocked } from "../routes/routes.ts";
import type { Member, Print } from "./target.ts";
import type { TransactionAside } from "./transaction-aside.ts";

/** Most checks of all files, and most reloads, for finding out which containers are to be left out. */
const MAX_CHECKS = 24;
const MAX_RELOADS = 8;

/** What the editions of a transaction are made by, and who is told of them. */
export interface TransactionParts {
  readonly members: readonly Member[];
  readonly aside: TransactionAside;
  /** Whether nobody is to be left out: then nothing is published until all is well. */
  readonly isKept: boolean;
  /** Those that are gone in the change are not to be printed any more. */
  readonly leaveOut: (change: InventoryChange) => void;
  readonly published: () => void;
}

/** Makes the editions of several files of the same containers, without those that any of them is refused for. */
export class TransactionEditions implements Editions {
  readonly #members: readonly Member[];
  readonly #aside: TransactionAside;
  readonly #isKept: boolean;
  readonly #leaveOut: (change: InventoryChange) => void;
  readonly #published: () => void;
  /** Containers as they were when they were published last. */
  #live: readonly InventoryContainer[] = [];

  constructor({ members, aside, isKept, leaveOut, published }: TransactionParts) {
    this.#members = members;
    this.#aside = aside;
    this.#isKept = isKept;
    this.#leaveOut = leaveOut;
    this.#published = published;
  }

  readonly nothing = async (): Promise<readonly RenderedFile[]> =>
    await Promise.all(this.#members.map(async (member) => new RenderedFile(await member.nothing())));

  /** Tries until everybody can be printed who is not left out. */
  readonly wanted = async (): Promise<Edition | Blocked | undefined> => {
    for (;;) {
      // All begins in one turn, so that all files are of one inventory.
      const containers = this.#aside.admitted;
      const begun = this.#members.map((member) => member.print());
      const prints = await Promise.allSettled(begun.filter((one) => one instanceof Promise));
      if (begun.includes(undefined)) return undefined;
      const hold = begun.find((one): one is Blocked => one !== undefined && isBlocked(one));
      if (hold) return hold;
      const made = prints.map(printOf);
      const failed = made.flatMap((print) => print.failed);
      if (failed.length === 0)
        return this.#editionOf(
          containers,
          made.map(({ text }) => new RenderedFile(text)),
        );
      if (this.#isKept) throw new TemplateError("template.render", blame(failed[0]!));
      this.#leaveOut(this.#aside.exclude(failed));
    }
  };

  #editionOf(containers: readonly InventoryContainer[], texts: readonly RenderedFile[]): Edition {
    return {
      texts,
      ...(!this.#isKept && {
        reduce: async (check) => await this.#reduce(containers, check),
        reduceLive: async (take) => await this.#reduceLive(containers, take),
      }),
      published: () => {
        this.#live = containers;
        this.#aside.trust(containers);
        this.#published();
      },
    };
  }

  /** When no container is another than what is live, it is the doing of none, and all of it stays. */
  async #reduce(containers: readonly InventoryContainer[], check: CheckTexts): Promise<Edition | Blocked | undefined> {
    const live = new Set(this.#live);
    if (containers.length === live.size && containers.every((one) => live.has(one))) return undefined;
    const attempt: Attempt<InventoryContainer> = async (some) => await this.#try(some, containers, check);
    return await this.#without(await this.#aside.sift(containers, attempt, MAX_CHECKS));
  }

  /** Of a container that is another now, what was live of it stays until its turn comes: nobody is missed for a moment. */
  async #reduceLive(
    containers: readonly InventoryContainer[],
    take: CheckTexts,
  ): Promise<Edition | Blocked | undefined> {
    const live = new Map(this.#live.map((one) => [keyOf(one), one]));
    const suspects = containers.filter((one) => live.get(keyOf(one)) !== one);
    if (suspects.length === 0) return undefined;
    const attempt: Attempt<InventoryContainer> = async (some) => {
      const taken = new Set(some);
      const standing = containers.flatMap((one) => (taken.has(one) ? one : (live.get(keyOf(one)) ?? [])));
      return standing.length === 0 ? undefined : await this.#try(standing, containers, take);
    };
    return await this.#without(await this.#aside.sift(suspects, attempt, MAX_RELOADS));
  }

  /** Why all files with some of the containers are not good. */
  async #try(
    some: readonly InventoryContainer[],
    all: readonly InventoryContainer[],
    judge: CheckTexts,
  ): Promise<string | undefined> {
    const texts: RenderedFile[] = [];
    for (const member of this.#members) {
      const made = await member.printOf(some, all);
      if ("why" in made) return made.why;
      texts.push(new RenderedFile(made));
    }
    return await judge(texts);
  }

  async #without(change: InventoryChange | undefined): Promise<Edition | Blocked | undefined> {
    if (!change) return undefined;
    this.#leaveOut(change);
    return await this.wanted();
  }
}

function blame({ unit, why }: QuarantinedUnit<InventoryContainer>): string {
  return `container ${unit.container.name}: ${why} (and \`onFailure\` is keep)`;
}

function printOf(settled: PromiseSettledResult<Print>): Print {
  if (settled.status === "rejected") throw settled.reason;
  return settled.value;
}
