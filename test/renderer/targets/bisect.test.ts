import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "../../property.ts";
import { Quarantine } from "../../../renderer/targets/quarantine.ts";
import { bisect } from "../../../renderer/targets/bisect.ts";

const numbers = (count: number): number[] => Array.from({ length: count }, (_none, index) => index);

test("finds exactly the failing units, whichever are trusted", async () => {
  const sets = fc.record({
    count: fc.integer({ min: 1, max: 60 }),
    bad: fc.uniqueArray(fc.nat(59)),
    trusted: fc.uniqueArray(fc.nat(59)),
  });
  await fc.assert(
    fc.asyncProperty(sets, async ({ count, bad, trusted }) => {
      const all = numbers(count);
      const failing = all.filter((unit) => bad.includes(unit));
      fc.pre(failing.length > 0);
      const attempt = async (units: readonly number[]) =>
        await Promise.resolve(units.some((unit) => bad.includes(unit)) ? "bad" : undefined);
      const split = {
        trusted: all.filter((unit) => trusted.includes(unit)),
        suspects: all.filter((unit) => !trusted.includes(unit)),
      };
      const found = await bisect(split, attempt, 1_000);
      assert.ok(found.kind === "bisected");
      assert.deepEqual(new Set(found.failing.map(({ unit }) => unit)), new Set(failing));
      assert.deepEqual(new Set(found.kept), new Set(all.filter((unit) => !bad.includes(unit))));
      assert.deepEqual(found.untried, []);
    }),
  );
});

test("keeps only units that were tried together and succeeded, within the limit of attempts", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 40 }), fc.nat(30), fc.func(fc.boolean()), async (count, most, fails) => {
      const seen = new Set<string>([""]);
      let attempts = 0;
      const attempt = async (units: readonly number[]) => {
        attempts += 1;
        if (units.length > 0 && fails(units)) return await Promise.resolve("bad");
        seen.add(units.toSorted((a, b) => a - b).join());
        return undefined;
      };
      const found = await bisect({ trusted: [], suspects: numbers(count) }, attempt, most + 1);
      assert.ok(found.kind === "bisected");
      assert.ok(attempts <= most + 1);
      assert.ok(seen.has(found.kept.toSorted((a, b) => a - b).join()));
      assert.equal(found.kept.length + found.failing.length + found.untried.length, count);
    }),
  );
});

test("needs two attempts for one new failing unit among a thousand trusted ones", async () => {
  let attempts = 0;
  const attempt = async (units: readonly number[]) => {
    attempts += 1;
    return await Promise.resolve(units.includes(999) ? "bad" : undefined);
  };
  const found = await bisect({ trusted: numbers(999), suspects: [999] }, attempt, 20);
  assert.ok(found.kind === "bisected" && found.failing.length === 1);
  assert.ok(attempts <= 2);
});

test("blames no unit when even an empty list fails", async () => {
  assert.deepEqual(await bisect({ trusted: [1], suspects: [2] }, async () => await Promise.resolve("broken"), 20), {
    kind: "hopeless",
    error: "broken",
  });
});

test("forgets a quarantined unit when it is replaced", async () => {
  const [good, bad] = [{ name: "good" }, { name: "bad" }];
  const quarantine = new Quarantine<{ name: string }>();
  const entry = { unit: bad, code: "check.rejected", error: "no" } as const;
  quarantine.add(entry);
  assert.deepEqual(quarantine.without([bad, good]), [good]);
  quarantine.retain([bad, good]);
  assert.deepEqual(quarantine.entries, [entry]);
  const replaced = { name: "bad" };
  quarantine.retain([replaced, good]);
  assert.deepEqual(quarantine.without([replaced, good]), [replaced, good]);
  assert.equal(quarantine.size, 0);
});

test("blames no unit when the second attempt with all units succeeds", async () => {
  const attempt = async () => await Promise.resolve(undefined);
  const found = await bisect({ trusted: [1], suspects: [2] }, attempt, 20);
  assert.deepEqual(found, { kind: "bisected", kept: [1, 2], failing: [], untried: [] });
});
