/** Result of a check or a reload. The message is the server's own. `isPartial`: other servers already run the file. */
export type ControlResult =
  | { readonly kind: "ok" }
  /** The file is invalid, and will be rejected again. */
  | { readonly kind: "rejected"; readonly message: string; readonly isPartial?: true }
  /** There is no check; only a reload validates the file. */
  | { readonly kind: "unchecked" }
  /** The server cannot be reached now; retry. */
  | { readonly kind: "unavailable"; readonly message: string; readonly isPartial?: true };

/** `ready`: an unavailable server may be back. `blocked`: it cannot start, because it rejects the live file. */
export type ServerState = "ready" | "blocked";

/** How publication checks and reloads the server that reads the file. */
export interface ServerControl {
  /** nginx's version, such as 1.26.3, if the server reports it. */
  readonly version?: string | undefined;
  /** Checks the candidate without touching the live file. `isBelowLive`: it is below the live file's directory. */
  check(candidate: string, isBelowLive: boolean): Promise<ControlResult>;
  /** Makes the server load the live file; `ok` means that it runs it. */
  reload(): Promise<ControlResult>;
  /** Calls back when the server's state changes. Returns a function that stops it. */
  onReady(callback: (state: ServerState) => void): () => void;
}
