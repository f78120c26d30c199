/** A moment in nanoseconds since the epoch, the resolution in which Docker tells times. */
export type Instant = bigint;

/** Go's zero time: what Docker answers for "not yet". */
export const NEVER = "0001-01-01T00:00:00Z";

const MILLISECOND = 1_000_000n;
const SECOND = 1_000_000_000n;

/** Strictly growing, so that no two events of one engine share a time and order is never ambiguous. */
export class Clock {
  #last: Instant = 0n;

  now(): Instant {
    const wall = BigInt(Date.now()) * MILLISECOND;
    this.#last = wall > this.#last ? wall : this.#last + 1n;
    return this.#last;
  }
}

/** RFC 3339 with nanoseconds, as Docker writes it: trailing zeros of the fraction are left out. */
export function timestamp(instant: Instant | undefined): string {
  if (instant === undefined) return NEVER;
  const second = new Date(Number(instant / MILLISECOND)).toISOString().slice(0, "2026-01-01T00:00:00".length);
  const fraction = (instant % SECOND).toString().padStart(9, "0").replace(/0+$/, "");
  return fraction === "" ? `${second}Z` : `${second}.${fraction}Z`;
}

export function unixSeconds(instant: Instant): number {
  return Number(instant / SECOND);
}
