import type { Blocked } from "../routes/routes.ts";
import type { RenderedFile } from "./rendered-file.ts";

/** Says what a check has against texts, one for each destination; undefined when they are good. Throws when nobody can. */
export type CheckTexts = (texts: readonly RenderedFile[]) => Promise<string | undefined>;

/** What is to stand in destinations that are published together, made of one inventory. */
export interface Edition {
  /** One for each destination, in their order. */
  readonly texts: readonly RenderedFile[];
  /** What is left of it when those that the check refuses are set aside; undefined when that would not help. */
  readonly reduce?: (check: CheckTexts) => Promise<Edition | Blocked | undefined>;
  /** The same when a server does not take up what its check found good; each try makes texts live, if only for a moment. */
  readonly reduceLive?: (take: CheckTexts) => Promise<Edition | Blocked | undefined>;
  /** It is live. */
  readonly published: () => void;
}

/** Makes editions of what is known. */
export interface Editions {
  /** The one that is wanted now; undefined while not every agent has told everything once. Throws TemplateError. */
  readonly wanted: () => Promise<Edition | Blocked | undefined>;
  /** Stand where nothing is known yet, so that servers can start. Throws TemplateError. */
  readonly nothing: () => Promise<readonly RenderedFile[]>;
}
