/** How one attempt to publish ended. The live configuration works in every case. */
export type Outcome =
  | { readonly kind: "unchanged" }
  /** The generation of each part; undefined if it was already live. */
  | { readonly kind: "published"; readonly generations: readonly (number | undefined)[] }
  /** Rejected by a check, or by a server's reload. The previous files are live. */
  | { readonly kind: "rejected"; readonly message: string; readonly by: "check" | "reload" }
  /** A server cannot be reached. `isLive`: whether the files are already in place, or only candidates. */
  | { readonly kind: "pending"; readonly message: string; readonly isLive: boolean };
