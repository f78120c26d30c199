/** Debounce limits, in milliseconds. */
export interface Wait {
  readonly minMs: number;
  readonly maxMs: number;
}

/**
 * Pure: returns the time of the next pass, given the end of the last pass and the first and the latest change since. The
 * first change after a quiet period is published at once. A burst is published when it has been quiet for `minMs`, at the
 * latest `maxMs` after it began.
 */
export function dueAt(wait: Wait, lastPass: number, firstChange: number, latestChange: number): number {
  if (firstChange - lastPass >= wait.minMs && firstChange === latestChange) return firstChange;
  return Math.min(latestChange + wait.minMs, firstChange + wait.maxMs);
}
