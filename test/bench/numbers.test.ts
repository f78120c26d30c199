import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Measured } from "../../bench/measure.ts";
import { type Finding, findings, growthOf, isKept } from "../../bench/numbers.ts";
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
  return findings(all)
    .filter((finding: Finding) => !isKept(finding))
    .map(({ what }) => what);
}

describe("what is held against the goals", () => {
  test("good measurements miss none, and another program's measurements are nobody's goal", () => {
    assert.deepEqual(missed([good, { ...good, subject: "floor", firstFileMs: 9_999 }]), []);
  });

  test("one question for an event that needs none is found, whatever the number of containers", () => {
    const chatty = { ...good, count: 100, traffic: { ...good.traffic, requests: { start: 1, stop: 1 } } };
    assert.deepEqual(missed([good, chatty]), ["Docker requests for stop, the most"]);
  });

  test("a slow tail is found though the median is good", () => {
    assert.deepEqual(missed([{ ...good, startMs: [...Array<number>(99).fill(4), 13] }]), [
      "start to file, p99 / median, 1,000 containers",
    ]);
  });

  test("growth may be as large as the floor's in the same run", () => {
    const of = (subject: Measured["subject"], count: number, ms: number): Measured => {
      return { ...good, subject, count, startMs: [ms], residentMiB: { agent: 50, renderer: 60 } };
    };
    const ours = [of("sallyport", 10, 4), of("sallyport", 10_000, 16)];
    assert.equal(growthOf(ours, "sallyport"), 4);
    assert.deepEqual(missed([...ours, of("floor", 10, 2), of("floor", 10_000, 8)]), []);
    assert.deepEqual(missed([...ours, of("floor", 10, 2), of("floor", 10_000, 6)]), [
      "growth of start to file from 10 to 10,000",
    ]);
  });

  test("a process that was not measured has not kept its goal", () => {
    assert.deepEqual(missed([{ ...good, residentMiB: { agent: 60 } }]), [
      "resident memory of the renderer, 1000 containers",
    ]);
  });
});

test("requests are told with the bytes that they cost", () => {
  assert.match(requests([good]), /\| 1 \(3\.4 kB\) +\| 0 \(1\.1 kB\) +\|/);
});
