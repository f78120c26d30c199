import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "../property.ts";
import { chart } from "../../bench/chart.ts";
import { replaceSection } from "../../bench/page.ts";
import { median, quantile } from "../../bench/statistics.ts";
import { table } from "../../bench/tables.ts";

test("a quantile is one of the samples, and at least that share of them is not above it", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer(), { minLength: 1 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (samples, part) => {
        const found = quantile(samples, part);
        assert.ok(samples.includes(found));
        assert.ok(samples.filter((sample) => sample <= found).length >= Math.floor(samples.length * part));
      },
    ),
  );
  assert.equal(median([3, 1, 2]), 2);
  assert.ok(Number.isNaN(median([])));
});

test("replaces a section and nothing else", () => {
  const page = "before\n<!-- x -->\nold\n<!-- end of x -->\nafter\n";
  const once = replaceSection(page, "x", "new\n");
  assert.equal(once, "before\n<!-- x -->\n\nnew\n\n<!-- end of x -->\nafter\n");
  assert.equal(replaceSection(once, "x", "new"), once);
  assert.throws(() => replaceSection(page, "y", ""), /no section y/);
});

test("pads each column of a table to its widest cell", () => {
  assert.equal(
    table([
      ["a", "b"],
      ["longer", "1"],
    ]),
    "| a      | b   |\n| ------ | --- |\n| longer | 1   |",
  );
});

test("describes a chart in words", () => {
  const svg = chart("Title", [
    {
      name: "one",
      points: [
        { count: 10, ms: 2 },
        { count: 1_000, ms: 20 },
      ],
    },
  ]);
  assert.match(svg, /<desc[^>]*>one: 2\.0 ms with 10 containers, 20\.0 ms with 1000 containers\.<\/desc>/);
  assert.doesNotMatch(svg, /NaN|undefined/);
});
