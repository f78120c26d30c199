import type { RenderedFile } from "./rendered-file.ts";

/** Tries other files in place of a revision. Returns why they were rejected, or undefined. Throws if nothing can judge them now. */
export type Trial = (files: readonly RenderedFile[]) => Promise<string | undefined>;

/** Rendered files that are published together, made from one inventory. */
export interface Revision {
  readonly kind: "revision";
  /** One for each destination, in their order. */
  readonly files: readonly RenderedFile[];
  /**
   * Returns the revision that is left when the units that were rejected are quarantined, or undefined if that would not
   * help. A trial by `check` changes nothing. A trial by `reload` makes its files live, at least for a moment, so each
   * must contain everything that was live before.
   */
  readonly reduce?: (by: "check" | "reload", trial: Trial) => Promise<NextRevision | undefined>;
  /** Called when the revision is live. */
  readonly published: () => void;
}

/** What to publish now: a revision, or the reason why there is none. */
export type NextRevision =
  | Revision
  /** Nothing may be published until something changes. */
  | { readonly kind: "blocked"; readonly reason: string }
  /** The files cannot be rendered. */
  | { readonly kind: "failed"; readonly error: string };

/** Renders the revisions that a reconciler publishes. */
export interface RevisionSource {
  /** Renders the current inventory. Undefined until every agent has reported its containers. */
  readonly next: () => Promise<NextRevision | undefined>;
  /** Renders the files without any container, so that servers can start. */
  readonly initial: () => Promise<Pick<Revision, "kind" | "files"> | Extract<NextRevision, { kind: "failed" }>>;
}
