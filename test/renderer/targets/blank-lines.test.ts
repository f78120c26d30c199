import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "../../property.ts";
import { withoutBlankLines } from "../../../renderer/targets/blank-lines.ts";

const strip = (text: string): string => withoutBlankLines(Buffer.from(text)).toString();

const cases: readonly [text: string, stripped: string][] = [
  ["", ""],
  ["a\n\nb\n", "a\nb\n"],
  ["\n\na\n", "a\n"],
  ["a\n\n\n", "a\n"],
  ["a\n \t \nb", "a\nb"],
  ["a\r\n\r\nb\r\n", "a\r\nb\r\n"],
  ["a\n\u0085\u00a0\u2003\nb\n", "a\nb\n"],
  ["  a  \n", "  a  \n"],
  ["a\n   ", "a\n"],
];
for (const [text, stripped] of cases) {
  test(`${JSON.stringify(text)} becomes ${JSON.stringify(stripped)}`, () => assert.equal(strip(text), stripped));
}

test("keeps other lines unchanged and in order", () => {
  const line = fc.constantFrom("", " ", "\t\r", "a", " b ", "é\r", "server {");
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const kept = lines.filter((text) => text.trim() !== "");
      assert.equal(strip(lines.map((text) => `${text}\n`).join("")), kept.map((text) => `${text}\n`).join(""));
    }),
  );
});
