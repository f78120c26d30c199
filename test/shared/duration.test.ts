import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDuration } from "../../shared/duration.ts";

test("parses durations in Go's notation into whole milliseconds", () => {
  const rows = { "100ms": 100, "1s": 1_000, "2m": 120_000, "1h": 3_600_000, "1.5s": 1_500, "1m30s": 90_000 };
  const others = { ".5h": 1_800_000, "1.1s": 1_100, "500us": 1, "1ns": 0, "1µs": 0, "0s": 0 };
  for (const [text, ms] of Object.entries({ ...rows, ...others })) assert.equal(parseDuration(text), ms, text);
});

test("rejects what is not a duration", () => {
  for (const text of ["", "5", "0", "1d", "1 s", "-1s", "+1s", "1s ", "s", ".s", "1e3s", `${"9".repeat(10)}s`]) {
    assert.equal(parseDuration(text), undefined, text);
  }
});
