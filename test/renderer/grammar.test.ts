import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { parseAddress, parseHost, parsePort } from "../../renderer/routes/grammar.ts";

const SAFE = /^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

const corpus = readFileSync("test/corpus/hosts/refused.txt", "utf8")
  .split("\n")
  .filter((line) => line !== "");

for (const hostile of [
  ...corpus,
  "a.example\nb",
  "a.exa\u0000mple",
  "a\u2028.example",
  `${"a".repeat(64)}.example`,
  "a.".repeat(127) + "aa",
]) {
  test(`${JSON.stringify(hostile).slice(0, 60)} is no host`, () => assert.equal(parseHost(hostile).kind, "refused"));
}

test("names are read as people write them", () => {
  const read = (raw: string) => {
    const parsed = parseHost(raw);
    return parsed.kind === "ok" ? parsed.value : undefined;
  };
  assert.equal(read(" Demo.Example.COM. "), "demo.example.com");
  assert.equal(read("localhost"), "localhost");
  assert.equal(read("*.shop.example"), "*.shop.example");
  assert.equal(read("bücher.example"), "xn--bcher-kva.example");
});

test("whatever is accepted is safe to print, and reads as itself", () => {
  const nearHosts = fc.stringMatching(/^[a-zA-Z0-9.*_ ;{}\n~ü-]{1,40}$/);
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.domain(), nearHosts), (raw) => {
      const parsed = parseHost(raw);
      if (parsed.kind === "refused") return;
      assert.match(parsed.value, SAFE);
      assert.ok(parsed.value.length <= 253);
      assert.deepEqual(parseHost(parsed.value), parsed);
    }),
    { numRuns: 5_000 },
  );
});

test("ports are decimal numbers from 1 to 65535", () => {
  for (const raw of ["0", "65536", "080", "+80", "80.0", "8e1", "0x50", "", " ", "80;", "99999999999"]) {
    assert.equal(parsePort(raw).kind, "refused", raw);
  }
  assert.deepEqual(parsePort(" 8080 "), { kind: "ok", value: 8080 });
});

test("addresses are IP addresses without a zone", () => {
  assert.equal(parseAddress("10.0.0.1").kind, "ok");
  assert.equal(parseAddress("FD00::1").kind, "ok");
  for (const raw of ["fe80::1%eth0", "localhost", "10.0.0", "10.0.0.1;", ""])
    assert.equal(parseAddress(raw).kind, "refused");
});
