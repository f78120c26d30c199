import type { Blocked } from "../routes/routes.ts";
import type { Edition, Editions } from "../publish/edition.ts";
import { RenderedFile } from "../publish/rendered-file.ts";

/** Says what a check has against a text; undefined when it is good. Throws when there is nobody to check it now. */
export type CheckText = (text: Buffer) => Promise<string | undefined>;

/** What is published into one file, told by whoever knows it. */
export interface Source<Wanted extends object> {
  /** What is wanted now; undefined while not every agent has told everything once. */
  readonly wanted: () => Wanted | Blocked | undefined;
  /** Stands where nothing is known yet, so that the server can start. */
  readonly nothing: Wanted;
  /** Throws TemplateError. */
  readonly render: (wanted: Wanted) => Buffer | Promise<Buffer>;
  /** What is left of it when those that the check refuses are set aside; undefined when that would not help. */
  readonly reduce?: (wanted: Wanted, check: CheckText) => Promise<Wanted | undefined>;
  /**
   * The same for a server that does not take up what its check found good, such as a port that is taken. Each try makes a
   * text live for good or for a moment, so all that was live before has to be in each.
   */
  readonly reduceLive?: (wanted: Wanted, take: CheckText) => Promise<Wanted | undefined>;
  /** It is live. */
  readonly published?: (wanted: Wanted) => void;
}

/** The editions of a file that is published by itself. */
export function editionsOf<Wanted extends object>(source: Source<Wanted>): Editions {
  const { render, reduce, reduceLive, published } = source;
  const print = async (wanted: Wanted): Promise<RenderedFile> => new RenderedFile(await render(wanted));
  const less =
    (reduced: NonNullable<typeof reduce>, wanted: Wanted): NonNullable<Edition["reduce"]> =>
    async (check) => {
      const found = await reduced(wanted, async (text) => await check([new RenderedFile(text)]));
      return found && (await editionOf(found));
    };
  const editionOf = async (wanted: Wanted): Promise<Edition> => ({
    texts: [await print(wanted)],
    published: () => published?.(wanted),
    ...(reduce && { reduce: less(reduce, wanted) }),
    ...(reduceLive && { reduceLive: less(reduceLive, wanted) }),
  });
  return {
    wanted: async () => {
      const wanted = source.wanted();
      return wanted === undefined || isBlocked(wanted) ? wanted : await editionOf(wanted);
    },
    nothing: async () => [await print(source.nothing)],
  };
}

/** True when there is nothing to publish, and why is known. */
export function isBlocked(wanted: object): wanted is Blocked {
  return "kind" in wanted && wanted.kind === "blocked";
}
