import { setTimeout as sleep } from "node:timers/promises";

/** How long a condition may take on a slow machine, in milliseconds. Nothing asserts how fast it was. */
const DEADLINE_MS = 20_000;
const EVERY_MS = 20;

/**
 * The first value of `probe` that is neither undefined nor false. A probe that throws (an assertion)
 * is tried again. At the deadline the last failure is thrown, so the report says what was missing.
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
