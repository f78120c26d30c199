/** Bounds of waiting, in milliseconds. */
export interface Wait {
  readonly minMs: number;
  readonly maxMs: number;
}

/**
 * Pure: when to act, given when the last pass ended, when the first change since came, and when the
 * latest did. A first change after quiet is acted on at once; a burst until it is quiet for `minMs`,
 * but never later than `maxMs` after it began.
 */
export function dueAt(wait: Wait, lastPass: number, firstChange: number, latestChange: number): number {
  if (firstChange - lastPass >= wait.minMs && firstChange === latestChange) return firstChange;
  return Math.min(latestChange + wait.minMs, firstChange + wait.maxMs);
}
