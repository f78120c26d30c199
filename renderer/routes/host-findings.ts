import type { Diagnostic, Reason } from "./diagnostic.ts";
import type { Evaluation } from "./verdict.ts";

/** One sentence about one container, without the container's own text. */
export interface HostFinding {
  readonly container: string;
  readonly reason: Reason;
  readonly detail: string;
}

/** What is to be said of those that claim a host: of each by itself, and `said` of them together. */
export function findingsFor(verdicts: readonly Evaluation[], said: readonly Diagnostic[]): HostFinding[] {
  const own = verdicts.flatMap(({ unrouted, remarks }) => [...(unrouted ? [unrouted] : []), ...remarks]);
  return [...own, ...said].map(({ name, reason, detail }) => ({ container: name, reason, detail }));
}
