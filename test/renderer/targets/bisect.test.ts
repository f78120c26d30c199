import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Quarantine } from "../../../renderer/targets/quarantine.ts";
import { sift } from "../../../renderer/targets/bisect.ts";

const numbers = (count: number): number[] => Array.from({ length: count }, (_none, index) => index);

test("exactly those that fail are left out, whoever is trusted", async () => {
  const sets = fc.record({
    count: fc.integer({ min: 1, max: 60 }),
    bad: fc.uniqueArray(fc.nat(59)),
    trusted: fc.uniqueArray(fc.nat(59)),
  });
  await fc.assert(
    fc.asyncProperty(sets, async ({ count, bad, trusted }) => {
      const all = numbers(count);
      const culprits = all.filter((unit) => bad.includes(unit));
      fc.pre(culprits.length > 0);
      const attempt = async (units: readonly number[]) =>
        await Promise.resolve(units.some((unit) => bad.includes(unit)) ? "bad" : undefined);
      const split = {
        trusted: all.filter((unit) => trusted.includes(unit)),
        suspects: all.filter((unit) => !trusted.includes(unit)),
      };
      const found = await sift(split, attempt, 1_000);
      assert.ok(found.kind === "sifted");
      assert.deepEqual(new Set(found.culprits.map(({ unit }) => unit)), new Set(culprits));
      assert.deepEqual(new Set(found.kept), new Set(all.filter((unit) => !bad.includes(unit))));
      assert.deepEqual(found.untried, []);
    }),
  );
});

test("whatever fails how, what is kept was tried and works, and attempts are bounded", async () => {
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
      const found = await sift({ trusted: [], suspects: numbers(count) }, attempt, most + 1);
      assert.ok(found.kind === "sifted");
      assert.ok(attempts <= most + 1);
      assert.ok(seen.has(found.kept.toSorted((a, b) => a - b).join()));
      assert.equal(found.kept.length + found.culprits.length + found.untried.length, count);
    }),
  );
});

test("one new culprit among a thousand costs two attempts when the others are trusted", async () => {
  let attempts = 0;
  const attempt = async (units: readonly number[]) => {
    attempts += 1;
    return await Promise.resolve(units.includes(999) ? "bad" : undefined);
  };
  const found = await sift({ trusted: numbers(999), suspects: [999] }, attempt, 20);
  assert.ok(found.kind === "sifted" && found.culprits.length === 1);
  assert.ok(attempts <= 2);
});

test("when nothing at all fails too, it is nobody's fault", async () => {
  assert.deepEqual(await sift({ trusted: [1], suspects: [2] }, async () => await Promise.resolve("broken"), 20), {
    kind: "hopeless",
    why: "broken",
  });
});

test("a unit is left out until it is another one", async () => {
  const [good, bad] = [{ name: "good" }, { name: "bad" }];
  const quarantine = new Quarantine<{ name: string }>();
  const attempt = async (units: readonly object[]) => await Promise.resolve(units.includes(bad) ? "no" : undefined);
  assert.deepEqual(await quarantine.sift([bad, good], attempt, 20), { kind: "sifted", kept: [good] });
  assert.deepEqual(quarantine.setAside, [{ unit: bad, why: "no" }]);
  assert.deepEqual(quarantine.admit([bad, good]), [good]);
  const mended = { name: "bad" };
  assert.deepEqual(quarantine.admit([mended, good]), [mended, good]);
  assert.deepEqual(quarantine.setAside, []);
});

test("what fails only once is nobody's fault", async () => {
  const attempt = async () => await Promise.resolve(undefined);
  const found = await sift({ trusted: [1], suspects: [2] }, attempt, 20);
  assert.deepEqual(found, { kind: "sifted", kept: [1, 2], culprits: [], untried: [] });
});
