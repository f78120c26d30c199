import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fc } from "../../property.ts";
import { parseAddress, parseHost, parsePort } from "../../../renderer/routes/grammar.ts";
import { parsePath } from "../../../renderer/routes/path-match.ts";
import { quoted } from "../../../renderer/nginx/text.ts";

/** A name, optionally with a wildcard at one end, or an address. */
const SAFE = /^(?:(?:\*\.)?(?!-)(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}(?:\.\*)?|\[[0-9a-f:]+\])$/;

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
  test(`${JSON.stringify(hostile).slice(0, 60)} is rejected as a host`, () =>
    assert.equal(parseHost(hostile).kind, "invalid"));
}

test("host names are normalized", () => {
  const read = (raw: string) => {
    const parsed = parseHost(raw);
    return parsed.kind === "ok" ? parsed.value : undefined;
  };
  assert.equal(read(" Demo.Example.COM. "), "demo.example.com");
  assert.equal(read("localhost"), "localhost");
  assert.equal(read("*.shop.example"), "*.shop.example");
  assert.equal(read("bücher.example"), "xn--bcher-kva.example");
  assert.equal(read("Mail.Example.*"), "mail.example.*");
  assert.equal(read("192.0.2.1"), "192.0.2.1");
  assert.equal(read("2001:DB8:0::1"), "[2001:db8::1]");
  assert.equal(read("[2001:db8::1]"), "[2001:db8::1]");
});

test("regular expressions need permission, and cannot break out of their quotes", () => {
  assert.equal(parseHost("~^(www|api)\\.a\\.example$").kind, "invalid");
  const pattern = "~^(?:www|api)[0-9]{1,2}\\.a\\.example$";
  assert.deepEqual(parseHost(pattern, true), { kind: "ok", value: pattern });
  for (const hostile of [
    "~",
    "~(",
    "~a b",
    "~(?<host>.*)",
    "~a\\",
    "~(?{evil})",
    "~ü",
    `~${"a".repeat(300)}`,
    "~(*FAIL)",
  ]) {
    assert.equal(parseHost(hostile, true).kind, "invalid", hostile);
  }
});

test("paths are parsed as decoded text", () => {
  const read = (raw: string) => {
    const parsed = parsePath(raw, true);
    return parsed.kind === "ok" ? [parsed.value.kind, parsed.value.text] : parsed.reason;
  };
  assert.deepEqual(read(" /api/ "), ["", "/api/"]);
  assert.deepEqual(read("= /exact"), ["=", "/exact"]);
  assert.deepEqual(read("^~ /first"), ["^~", "/first"]);
  assert.deepEqual(read("~* ^/(a|b)/"), ["~*", "^/(a|b)/"]);
  for (const hostile of [
    "api",
    "@named",
    "/a b",
    "/a;",
    "/{",
    "/a%20b",
    '/"',
    "/a\nb",
    "~ a b",
    `/${"a".repeat(300)}`,
  ]) {
    assert.equal(parsePath(hostile, true).kind, "invalid", hostile);
  }
  assert.equal(parsePath("~ ^/x", false).kind, "invalid");
});

test("every accepted path prints as one quoted token of nginx", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.stringMatching(/^[=~^* /a-z"\\{};$%-]{0,20}$/)), (raw) => {
      const parsed = parsePath(raw, true);
      if (parsed.kind === "invalid") return;
      const { text } = quoted(parsed.value.text);
      assert.match(text, /^(?:[A-Za-z0-9._*/-]+|"(?:[^"\\]|\\.)*")$/);
    }),
    { numRuns: 5_000 },
  );
});

test("every accepted wildcard and regular expression parses to itself", () => {
  const long = fc.tuple(fc.integer({ min: 150, max: 250 }), fc.constantFrom("*.", ""), fc.constantFrom(".*", ""));
  const nearLimit = long.map(([length, leading, trailing]) => {
    const name = Array.from({ length: 5 }, () => `ü${"a".repeat(49)}`).join(".");
    return `${leading}${name.slice(0, length)}${trailing}`;
  });
  fc.assert(
    fc.property(fc.oneof(nearLimit, fc.stringMatching(/^~[a-z^$.\\()*, -]{1,12}$/)), (raw) => {
      const parsed = parseHost(raw, true);
      if (parsed.kind === "ok") assert.deepEqual(parseHost(parsed.value, true), parsed);
    }),
    { numRuns: 5_000 },
  );
  assert.deepEqual(parseHost("~^shop..", true), { kind: "ok", value: "~^shop.." });
});

test("every accepted host is safe to print, and parses to itself", () => {
  const nearHosts = fc.stringMatching(/^[a-zA-Z0-9.*_ ;{}\n~ü-]{1,40}$/);
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.domain(), nearHosts), (raw) => {
      const parsed = parseHost(raw);
      if (parsed.kind === "invalid") return;
      assert.match(parsed.value, SAFE);
      assert.ok(parsed.value.length <= 253);
      assert.deepEqual(parseHost(parsed.value), parsed);
    }),
    { numRuns: 5_000 },
  );
});

test("ports are decimal numbers from 1 to 65535", () => {
  for (const raw of ["0", "65536", "080", "+80", "80.0", "8e1", "0x50", "", " ", "80;", "99999999999"]) {
    assert.equal(parsePort(raw).kind, "invalid", raw);
  }
  assert.deepEqual(parsePort(" 8080 "), { kind: "ok", value: 8080 });
});

test("addresses are IP addresses without a zone", () => {
  assert.equal(parseAddress("10.0.0.1").kind, "ok");
  assert.equal(parseAddress("FD00::1").kind, "ok");
  for (const raw of ["fe80::1%eth0", "localhost", "10.0.0", "10.0.0.1;", ""])
    assert.equal(parseAddress(raw).kind, "invalid");
});
