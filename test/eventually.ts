import { setTimeout as sleep } from "node:timers/promises";

/** Milliseconds until a condition must be true, also on a busy machine. No test asserts how fast it was. */
const DEADLINE_MS = 20_000;
const EVERY_MS = 20;

/**
 * Repeats `probe` until it returns a value that is neither undefined nor false, and returns that value. A probe that
 * throws, such as a failed assertion, is repeated. The error after the deadline has the last failure as its cause.
 */
export async function eventually<T>(
  what: string,
  probe: () => T | Promise<T>,
  deadlineMs: number = DEADLINE_MS,
): Promise<Exclude<T, undefined | false>> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const tried = await attempt(probe);
    if (tried.value !== undefined && tried.value !== false) return tried.value as Exclude<T, undefined | false>;
    if (Date.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`, { cause: tried.failure });
    await sleep(EVERY_MS);
  }
}

async function attempt<T>(probe: () => T | Promise<T>): Promise<{ value?: T; failure?: unknown }> {
  try {
    return { value: await probe() };
  } catch (failure) {
    return { failure };
  }
}
