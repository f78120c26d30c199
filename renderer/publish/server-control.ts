/** What came of a check or a reload. Messages are the server's own, or say what to mend; `isPartial`: others took it up. */
export type ControlResult =
  | { readonly kind: "ok" }
  /** It was looked at and refused: the same text will be refused again. */
  | { readonly kind: "rejected"; readonly message: string; readonly isPartial?: true }
  /** Nobody looked: there is no way to, short of reloading. */
  | { readonly kind: "unchecked" }
  /** The server cannot be reached now: try again. */
  | { readonly kind: "unavailable"; readonly message: string; readonly isPartial?: true };

/** What publication needs of the server whose configuration it writes. */
export interface ServerControl {
  /** Checks the candidate. Never touches what is live. `isBeside`: whoever sees the live file's directory sees it. */
  check(candidate: string, isBeside: boolean): Promise<ControlResult>;
  /** Makes the server take up what is live; `ok` means that it has. */
  reload(): Promise<ControlResult>;
  /** Calls back whenever something that was unavailable may work again. Returns how to stop that. */
  onReady(callback: () => void): () => void;
}
