import assert from "node:assert/strict";
import { test } from "node:test";
import { fc } from "../property.ts";
import { backoffMs } from "../../shared/backoff.ts";
import { createLog } from "../../shared/log.ts";
import { nearest } from "../../shared/nearest.ts";
import { textFault } from "../../shared/text.ts";

test("encodes any value in one line of printable ASCII without loss", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), (hostile) => {
      let line = "";
      createLog((text) => (line += text))("warn", "test", { hostile });
      assert.match(line, /^[\x20-\x7e]*\n$/);
      assert.equal((JSON.parse(line) as { hostile: string }).hostile, hostile);
    }),
  );
});

test("truncates a long field", () => {
  let line = "";
  createLog((text) => (line += text))("info", "test", { flood: "x".repeat(1_000_000) });
  assert.ok(line.length < 3_000);
});

test("rejects control characters, separators, bidirectional marks and invalid UTF-8, and accepts other text", () => {
  for (const code of [0, 7, 0x0b, 0x1b, 0x7f, 0x85, 0x200e, 0x2028, 0x2029, 0x202e, 0x2066, 0xfeff, 0xfffd, 0xd800]) {
    assert.equal(textFault(`a${String.fromCharCode(code)}b`), "value.charset", code.toString(16));
  }
  for (const good of ["plain", "grüße", "日本語", "emoji 🎉", "line\nbreak", ""])
    assert.equal(textFault(good), undefined);
  assert.equal(textFault("é".repeat(8_193)), "value.length");
});

test("a retry delay stays between half the first delay and the cap", () => {
  fc.assert(
    fc.property(fc.nat(1_000), fc.double({ min: 0, max: 0.999, noNaN: true }), (attempt, jitter) => {
      const ms = backoffMs(attempt, jitter);
      assert.ok(ms >= 50 && ms <= 2_000);
    }),
  );
});

test("finds the nearest name of a mistyped one, and none for an unrelated one", () => {
  assert.equal(nearest("enviroment", ["environment", "labels"]), "environment");
  assert.equal(nearest("zzzzzz", ["environment", "labels"]), undefined);
});
