import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Measured } from "../../bench/measure.ts";
import { type Goal, goalsOf, growthOf, isReached } from "../../bench/numbers.ts";
import { requests } from "../../bench/tables.ts";

const good: Measured = {
  subject: "sallyport",
  count: 1_000,
  firstFileMs: 400,
  startMs: [4, 4, 4],
  stopMs: [3, 3, 3],
  cpuMsPerEvent: 4,
  residentMiB: { agent: 60, renderer: 80 },
  traffic: { requests: { start: 1, stop: 0 }, bytes: { start: 3_400, stop: 1_100 } },
};

function missed(all: readonly Measured[]): string[] {
  return goalsOf(all)
    .filter((goal: Goal) => !isReached(goal))
    .map(({ what }) => what);
}

describe("goals", () => {
  const floor: Measured = { ...good, subject: "floor", firstFileMs: 200, startMs: [2], cpuMsPerEvent: 2 };

  test("are reached by good measurements, with or without those of the floor", () => {
    assert.deepEqual(missed([good]), []);
    assert.deepEqual(missed([good, floor]), []);
  });

  test("are missed by more than three times the floor for an event, or twice for the first file", () => {
    const slow = { ...good, startMs: [6.1], cpuMsPerEvent: 6.1, firstFileMs: 401 };
    assert.deepEqual(missed([slow, floor]), [
      "start to file / floor, 1,000 containers",
      "CPU per event / floor, 1,000 containers",
      "first file / floor, 1,000 containers",
    ]);
  });

  test("are missed by an unnecessary Docker request with any number of containers", () => {
    const chatty = { ...good, count: 100, traffic: { ...good.traffic, requests: { start: 1, stop: 1 } } };
    assert.deepEqual(missed([good, chatty]), ["Docker requests for stop, maximum"]);
  });

  test("are missed by a slow tail with a good median", () => {
    assert.deepEqual(missed([{ ...good, startMs: [...Array<number>(99).fill(4), 13] }]), [
      "start to file, p99 / median, 1,000 containers",
    ]);
  });

  test("allow the growth of the floor in the same run", () => {
    const of = (subject: Measured["subject"], count: number, ms: number): Measured => {
      return { ...good, subject, count, startMs: [ms], residentMiB: { agent: 50, renderer: 60 } };
    };
    const sallyport = [of("sallyport", 10, 4), of("sallyport", 10_000, 16)];
    assert.equal(growthOf(sallyport, "sallyport"), 4);
    assert.deepEqual(missed([...sallyport, of("floor", 10, 2), of("floor", 10_000, 8)]), []);
    assert.deepEqual(missed([...sallyport, of("floor", 10, 2), of("floor", 10_000, 6)]), [
      "growth of start to file from 10 to 10,000",
    ]);
  });

  test("are missed without a measurement", () => {
    assert.deepEqual(missed([{ ...good, residentMiB: { agent: 60 } }]), [
      "resident memory of the renderer, 1000 containers",
    ]);
  });
});

test("the table of requests includes the bytes", () => {
  assert.match(requests([good]), /\| 1 \(3\.4 kB\) +\| 0 \(1\.1 kB\) +\|/);
});
