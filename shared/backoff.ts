/** Bounds of a retry, in milliseconds. */
export interface Backoff {
  readonly firstMs: number;
  readonly capMs: number;
}

/**
 * Both ends of the socket, and the agent towards Docker. The cap keeps the promise that routes are
 * right within five seconds of any part's return.
 */
export const RECONNECT: Backoff = { firstMs: 100, capMs: 2_000 };

/**
 * Milliseconds to wait before the given attempt (0 = the first retry): doubling up to the cap, of
 * which `jitter` (0 ≤ jitter < 1, from the caller's random source) spreads the upper half.
 */
export function backoffMs(attempt: number, jitter: number, { firstMs, capMs }: Backoff = RECONNECT): number {
  const full = Math.min(capMs, firstMs * 2 ** Math.min(attempt, 30));
  return full / 2 + (full / 2) * jitter;
}
