/** Bounds of a retry delay, in milliseconds. */
export interface Backoff {
  readonly firstMs: number;
  readonly capMs: number;
}

/**
 * Reconnects of the renderer to the agent and of the agent to Docker. The cap guarantees correct routes within
 * five seconds after any part returns.
 */
export const RECONNECT: Backoff = { firstMs: 100, capMs: 2_000 };

/**
 * Returns the milliseconds to wait before an attempt (0 = the first retry). The delay doubles up to the cap;
 * `jitter` (0 ≤ jitter < 1) spreads its upper half.
 */
export function backoffMs(attempt: number, jitter: number, { firstMs, capMs }: Backoff = RECONNECT): number {
  const full = Math.min(capMs, firstMs * 2 ** Math.min(attempt, 30));
  return full / 2 + (full / 2) * jitter;
}
