import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { applyChange, diff } from "../../shared/delta.ts";
import { containers } from "./containers.ts";

test("applying the difference of two snapshots to the first gives the second", () => {
  fc.assert(
    fc.property(containers, containers, (before, after) => {
      const change = diff(before, after);
      const sorted = [...applyChange(before, change)].toSorted(([a], [b]) => (a < b ? -1 : 1));
      assert.deepEqual(
        sorted,
        [...after].toSorted(([a], [b]) => (a < b ? -1 : 1)),
      );
      const upserted = new Set(change.upserted.map(({ id }) => id));
      assert.ok(change.removed.every((id) => !upserted.has(id)));
    }),
  );
});

test("equal snapshots differ in nothing", () => {
  fc.assert(
    fc.property(containers, (some) =>
      assert.deepEqual(diff(some, structuredClone(some)), { upserted: [], removed: [] }),
    ),
  );
});
