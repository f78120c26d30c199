/** What the bench asks of the engine's process: a change to make, or what was asked of it. */
export type Word =
  | { readonly kind: "populate"; readonly count: number }
  | { readonly kind: "create" | "start" | "stop" | "crash" | "remove"; readonly name: string }
  | { readonly kind: "rename"; readonly name: string; readonly to: string }
  | { readonly kind: "health"; readonly name: string; readonly to: "healthy" | "unhealthy" | "starting" }
  | { readonly kind: "requests" };

/**
 * `at` is when the engine began to make the change, in nanoseconds of the machine's monotonic clock; the others count
 * what clients asked so far, and the bytes both ways, told events among them.
 */
export interface Answer {
  readonly at: string;
  readonly requests: number;
  readonly bytes: number;
}
