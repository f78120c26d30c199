import type { Failure } from "./failure.ts";
import type { Progress } from "./progress.ts";
import type { Wanted } from "./wanted.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Delay after the first failure, and shortest time between two attempts for one certificate. It doubles up to a day. */
const FIRST_DELAY_MS = 10 * MINUTE_MS;
const MAX_DELAY_MS = DAY_MS;

/** Longest delay while the authority cannot be reached: such attempts count against no limit of it. */
const MAX_OUTAGE_DELAY_MS = HOUR_MS;

/** Longest `Retry-After` that is respected: the longest rate limit of Let's Encrypt. */
const MAX_RETRY_AFTER_MS = 7 * DAY_MS;

/** Time before its end at which a certificate is renewed, or a third of its lifetime if that is less. */
const RENEWAL_MS = 30 * DAY_MS;

/** Most attempts in one hour. One owner gets half of them, so that its names cannot use up all. */
export const MAX_ATTEMPTS = 50;
const WINDOW_MS = HOUR_MS;

/** One attempt to get a certificate, at a time in milliseconds since the epoch. */
export interface Attempt {
  readonly owner: string;
  readonly at: number;
}

/** A wanted certificate, with when its next attempt is due. */
export interface Due {
  readonly wanted: Wanted;
  readonly at: number;
}

/**
 * Returns the certificate whose turn it is, or when the next one is due (pure): the one of the owner with the fewest
 * attempts, then the one that has waited longest.
 */
export function nextTurn(
  due: readonly Due[],
  attempts: readonly Attempt[],
  now: number,
): { readonly wanted: Wanted } | { readonly at: number | undefined } {
  const recent = attempts.filter(({ at }) => at > now - WINDOW_MS);
  const countOf = (owner: string): number => recent.filter((one) => one.owner === owner).length;
  const ready = due
    .filter(({ at, wanted }) => at <= now && recent.length < MAX_ATTEMPTS && countOf(wanted.owner) < MAX_ATTEMPTS / 2)
    .toSorted((a, b) => countOf(a.wanted.owner) - countOf(b.wanted.owner) || a.at - b.at);
  if (ready[0]) return { wanted: ready[0].wanted };
  const freed = recent[0] === undefined ? [] : [recent[0].at + WINDOW_MS];
  const waiting = due.map(({ at }) => at).filter((at) => at > now);
  const times = due.some(({ at }) => at <= now) ? [...waiting, ...freed] : waiting;
  return { at: times.length === 0 ? undefined : Math.min(...times) };
}

/** Returns when a certificate has to be renewed. */
export function renewalOf({ notBefore, notAfter }: { readonly notBefore: number; readonly notAfter: number }): number {
  return notAfter - Math.min(RENEWAL_MS, (notAfter - notBefore) / 3);
}

/** Returns the earliest time of the first attempt for other names or another authority. */
export function afterChange({ attemptedAt }: Pick<Progress, "attemptedAt">): number {
  return attemptedAt === undefined ? 0 : attemptedAt + FIRST_DELAY_MS;
}

/** Returns when to try again after this many failures in a row. */
export function afterFailure({ cause, retryAfterMs = 0 }: Failure, failures: number, now: number): number {
  const cap = cause === "connection" ? MAX_OUTAGE_DELAY_MS : MAX_DELAY_MS;
  const delay = Math.min(cap, FIRST_DELAY_MS * 2 ** Math.min(failures - 1, 20));
  return now + Math.max(delay, Math.min(retryAfterMs, MAX_RETRY_AFTER_MS));
}
