/** A command of the bench for the engine's process: a change, or `requests` for the counters alone. */
export type EngineCommand =
  | { readonly kind: "populate"; readonly count: number }
  | { readonly kind: "create-service"; readonly name: string; readonly replicas: number }
  | { readonly kind: "remove-service"; readonly name: string }
  | { readonly kind: "create" | "start" | "stop" | "crash" | "remove"; readonly name: string }
  | { readonly kind: "rename"; readonly name: string; readonly to: string }
  | { readonly kind: "health"; readonly name: string; readonly to: "healthy" | "unhealthy" | "starting" }
  | { readonly kind: "requests" };

/**
 * `at` is the time at which the engine started the change, in nanoseconds of the monotonic clock. `requests` and `bytes`
 * count everything on its socket so far, in both directions and including events.
 */
export interface Answer {
  readonly at: string;
  readonly requests: number;
  readonly bytes: number;
}
