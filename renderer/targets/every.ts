/** Calls `run` periodically until the signal aborts; never without a period. */
export function every(periodMs: number | undefined, run: () => void, signal: AbortSignal): void {
  if (periodMs === undefined) return;
  const timer = setInterval(run, periodMs);
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
}
