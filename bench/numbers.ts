import type { Measured } from "./measure.ts";
import { median, quantile } from "./statistics.ts";

/** A goal and its measurement. */
export interface Goal {
  readonly what: string;
  readonly measured: number;
  readonly allowed: number;
  readonly unit: string;
}

/** Factor by which an event may be slower with 10,000 containers than with 10. A higher factor of the floor counts. */
const MAX_GROWTH = 2.8;

/** Factors by which Sallyport may be slower than the floor in the same run. */
const MAX_OF_FLOOR = { event: 3, firstFile: 2 };

/** Returns the goals for speed and size that these measurements cover. */
export function goalsOf(all: readonly Measured[]): Goal[] {
  const sallyport = (count: number) => all.find((one) => one.subject === "sallyport" && one.count === count);
  const goals: Goal[] = [];
  const add = (what: string, measured: number, allowed: number, unit: string) =>
    goals.push({ what, measured, allowed, unit });

  const own = all.filter(({ subject }) => subject === "sallyport");
  for (const event of Object.keys(own[0]?.traffic.requests ?? {})) {
    const most = Math.max(...own.map(({ traffic }) => traffic.requests[event] ?? 0));
    add(`Docker requests for ${event}, maximum`, most, event === "start" ? 1 : 0, "");
  }
  for (const count of [10, 1_000, 10_000]) {
    const [one, lower] = [sallyport(count), all.find((each) => each.subject === "floor" && each.count === count)];
    const at = `${count.toLocaleString("en")} containers`;
    if (one && count > 10) {
      add(`start to file, p99 / median, ${at}`, spread(one.startMs), 3, "×");
      add(`stop to file, p99 / median, ${at}`, spread(one.stopMs), 3, "×");
    }
    if (!one || !lower) continue;
    add(`start to file / floor, ${at}`, median(one.startMs) / median(lower.startMs), MAX_OF_FLOOR.event, "×");
    add(`CPU per event / floor, ${at}`, one.cpuMsPerEvent / lower.cpuMsPerEvent, MAX_OF_FLOOR.event, "×");
    // With few containers, this is the start of two programs instead of one.
    if (count > 10) add(`first file / floor, ${at}`, one.firstFileMs / lower.firstFileMs, MAX_OF_FLOOR.firstFile, "×");
  }
  const growth = growthOf(all, "sallyport");
  if (growth !== undefined)
    add("growth of start to file from 10 to 10,000", growth, Math.max(MAX_GROWTH, growthOf(all, "floor") ?? 0), "×");
  for (const [count, agent, renderer] of [
    [10, 56, 72],
    [1_000, 72, 96],
    [10_000, 112, 192],
  ] as const) {
    const { residentMiB } = sallyport(count) ?? {};
    if (!residentMiB) continue;
    add(`resident memory of the agent, ${count} containers`, residentMiB["agent"] ?? Number.NaN, agent, "MiB");
    add(`resident memory of the renderer, ${count} containers`, residentMiB["renderer"] ?? Number.NaN, renderer, "MiB");
  }
  return goals;
}

export function isReached({ measured, allowed }: Goal): boolean {
  return measured <= allowed;
}

/** Returns the ratio of a start with 10,000 containers to one with 10, or undefined without both measurements. */
export function growthOf(all: readonly Measured[], subject: Measured["subject"]): number | undefined {
  const of = (count: number) => all.find((one) => one.subject === subject && one.count === count);
  const [few, many] = [of(10), of(10_000)];
  return few && many && median(many.startMs) / median(few.startMs);
}

function spread(samples: readonly number[]): number {
  return quantile(samples, 0.99) / median(samples);
}
