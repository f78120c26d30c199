/** Nanoseconds since the epoch, the resolution of Docker's times. */
export type Instant = bigint;

/** Go's zero time, which Docker reports for "not yet". */
export const NEVER = "0001-01-01T00:00:00Z";

const MILLISECOND = 1_000_000n;
const SECOND = 1_000_000_000n;

/** A strictly increasing clock, so that the order of events is never ambiguous. */
export class Clock {
  #last: Instant = 0n;

  now(): Instant {
    const wall = BigInt(Date.now()) * MILLISECOND;
    this.#last = wall > this.#last ? wall : this.#last + 1n;
    return this.#last;
  }
}

/** Formats RFC 3339 with nanoseconds like Docker, without trailing zeros of the fraction. */
export function timestamp(instant: Instant | undefined): string {
  if (instant === undefined) return NEVER;
  const second = new Date(Number(instant / MILLISECOND)).toISOString().slice(0, "2026-01-01T00:00:00".length);
  const fraction = (instant % SECOND).toString().padStart(9, "0").replace(/0+$/, "");
  return fraction === "" ? `${second}Z` : `${second}.${fraction}Z`;
}

export function unixSeconds(instant: Instant): number {
  return Number(instant / SECOND);
}
