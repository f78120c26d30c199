import type { Target } from "../config/schema.ts";
import { keyOf, type InventoryContainer, type InventoryChange } from "../inventory/inventory-change.ts";
import { Quarantine, type QuarantinedUnit } from "./quarantine.ts";
import type { CheckText, Source } from "./source.ts";
import { type FilteredContainer, Selection } from "../select/selection.ts";
import { inOrder } from "../template/container-view.ts";
import type { Rendering } from "../template/general-template.ts";
import { TemplateError } from "../template/template.ts";
import { withoutBlankLines } from "./blank-lines.ts";
import type { GeneralFiles } from "./template-files.ts";

/** Most renderings, and most checks, for finding out which containers are to be left out. */
const MAX_RENDERINGS = 40;
const MAX_CHECKS = 24;

/** Characters of a reason that are kept. */
const MAX_WHY = 500;

/** What a general target is made of. */
export interface Listed {
  readonly containers: readonly InventoryContainer[];
}

/** A container that is left out of a target's file, and why. `detail` is partly the container's own text. */
export interface Aside {
  readonly id: string;
  readonly name: string;
  readonly host: string;
  readonly reason: "render.failed" | "check.refused";
  readonly detail: string;
}

/** The containers of a general target and the text that they make; one that breaks it is left out alone. */
export class GeneralSource implements Source<Listed> {
  readonly nothing: Listed = { containers: [] };
  readonly #target: Target;
  readonly #files: Pick<GeneralFiles, "print">;
  readonly #selection: Selection;
  readonly #known = new Map<string, InventoryContainer>();
  readonly #unprintable = new Quarantine<InventoryContainer>();
  readonly #unchecked = new Quarantine<InventoryContainer>();
  /** Every agent has told all it knows. */
  isComplete = false;

  constructor(target: Target, files: Pick<GeneralFiles, "print">) {
    const { onlyExposed = false, onlyPublished = false, includeStopped = false, where = [] } = target.containers ?? {};
    this.#target = target;
    this.#files = files;
    this.#selection = new Selection({ onlyExposed, onlyPublished, includeStopped, where });
  }

  readonly wanted = (): Listed | undefined =>
    this.isComplete ? { containers: inOrder([...this.#known.values()]) } : undefined;

  /** Gives what is left out, and which were not before. */
  apply(change: InventoryChange): { readonly isChanged: boolean; readonly leftOut: readonly FilteredContainer[] } {
    const { upserted, gone, leftOut } = this.#selection.apply(change);
    for (const one of gone) this.#known.delete(keyOf(one));
    for (const one of upserted) this.#known.set(keyOf(one), one);
    return { isChanged: upserted.length + gone.length > 0, leftOut };
  }

  readonly render = async ({ containers }: Listed): Promise<Buffer> => {
    const text = await this.#print(this.#admit(containers), containers.length);
    return this.#target.keepBlankLines ? text : withoutBlankLines(text);
  };

  /** The text with some of the containers alone, or why there is none. Sets nobody aside. */
  readonly printOf = async (some: readonly InventoryContainer[]): Promise<Buffer | { readonly why: string }> => {
    const made = await this.#files.print(inOrder(some.filter((one) => this.#known.has(keyOf(one)))));
    const why = whyOf(made);
    if (made.kind !== "text") return { why: why ?? "" };
    return this.#target.keepBlankLines ? Buffer.from(made.text) : withoutBlankLines(Buffer.from(made.text));
  };

  readonly reduce = async (wanted: Listed, check: CheckText): Promise<Listed | undefined> => {
    if (this.#target.onFailure === "keep") return undefined;
    const attempt = async (some: readonly InventoryContainer[]): Promise<string | undefined> => {
      const made = await this.#files.print(some);
      return made.kind === "text" ? await check(Buffer.from(made.text)) : whyOf(made);
    };
    const found = await this.#unchecked.sift(this.#admit(wanted.containers), attempt, MAX_CHECKS);
    if (found.kind === "sifted" && !isEverybody(found.kept, wanted.containers.length)) return wanted;
    this.#unchecked.clear();
    return undefined;
  };

  readonly published = ({ containers }: Listed): void => {
    const good = this.#admit(containers);
    this.#unprintable.trust(good);
    this.#unchecked.trust(good);
  };

  /** Those that could not be printed last. */
  get unprintable(): readonly QuarantinedUnit<InventoryContainer>[] {
    return this.#unprintable.setAside.map(({ unit, why }) => ({ unit, why: `${this.#target.destination}: ${why}` }));
  }

  /** Those that the target takes, whatever becomes of them, and those that it does not. */
  get listing(): { readonly taken: readonly InventoryContainer[]; readonly leftOut: readonly FilteredContainer[] } {
    return { taken: [...this.#known.values()], leftOut: this.#selection.leftOut };
  }

  /** Those that are left out now. */
  get aside(): Aside[] {
    const kinds = [
      ["render.failed", this.#unprintable],
      ["check.refused", this.#unchecked],
    ] as const;
    return kinds.flatMap(([reason, quarantine]) =>
      quarantine.setAside.map(({ unit: { host, container }, why }) => {
        const detail = `left out of ${this.#target.destination}: ${why.slice(0, MAX_WHY)}`;
        return { id: container.id, name: container.name, host, reason, detail };
      }),
    );
  }

  /** Everybody is tried again: after another check, or with another template. */
  tryAgain(): void {
    this.#unprintable.clear();
    this.#unchecked.clear();
  }

  #admit(containers: readonly InventoryContainer[]): InventoryContainer[] {
    return this.#unchecked.admit(this.#unprintable.admit(containers));
  }

  /** Leaves out whoever it fails for, until it does not. Throws TemplateError when it fails for everybody. */
  async #print(containers: readonly InventoryContainer[], total: number): Promise<Buffer> {
    const made = await this.#files.print(containers);
    if (made.kind === "text") return Buffer.from(made.text);
    if (this.#target.onFailure === "keep") throw new TemplateError("template.render", blame(made, containers));
    const kept = made.kind === "faults" ? this.#exclude(containers, made.faults) : await this.#sift(containers);
    if (!isEverybody(kept, total)) return await this.#print(kept, total);
    this.#unprintable.clear();
    throw new TemplateError("template.render", `${whyOf(made)} (and so it is for every container)`);
  }

  #exclude(
    containers: readonly InventoryContainer[],
    faults: readonly { readonly index: number; readonly message: string }[],
  ): InventoryContainer[] {
    for (const { index, message } of faults) {
      const one = containers[index];
      if (one) this.#unprintable.exclude(one, message);
    }
    return this.#unprintable.without(containers);
  }

  async #sift(containers: readonly InventoryContainer[]): Promise<readonly InventoryContainer[]> {
    const attempt = async (some: readonly InventoryContainer[]): Promise<string | undefined> =>
      whyOf(await this.#files.print(some));
    const found = await this.#unprintable.sift(containers, attempt, MAX_RENDERINGS);
    if (found.kind === "hopeless") throw new TemplateError("template.render", found.why);
    return found.kept;
  }
}

/** When nobody of several is left, the template is at fault: better the file of before than an empty one. */
function isEverybody(kept: readonly InventoryContainer[], total: number): boolean {
  return kept.length === 0 && total > 1;
}

/** The reason with the container's name, where it is one container's. */
function blame(made: Exclude<Rendering, { kind: "text" }>, containers: readonly InventoryContainer[]): string {
  const [fault] = made.kind === "faults" ? made.faults : [];
  const name = fault && containers[fault.index]?.container.name;
  return `${name === undefined ? "" : `container ${name}: `}${whyOf(made)} (and \`onFailure\` is keep)`;
}

function whyOf(made: Awaited<ReturnType<GeneralFiles["print"]>>): string | undefined {
  if (made.kind === "text") return undefined;
  return made.kind === "failed" ? made.message : made.faults[0]?.message;
}
