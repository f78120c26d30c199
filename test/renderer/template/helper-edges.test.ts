import assert from "node:assert/strict";
import { test } from "node:test";
import { HELPERS } from "../../../renderer/template/helper-table.ts";

const byName = new Map(HELPERS.map((helper) => [helper.name, helper]));
const run = (name: string, ...args: unknown[]): unknown => byName.get(name)!.run(args, {});
/** As JSON has it: records here have no prototype. */
const bare = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));

const WINTER = Date.UTC(2026, 0, 2, 3, 4, 5, 60);
const SUMMER = Date.UTC(2026, 6, 31, 22, 0, 0);
const RFC3339 = "2006-01-02T15:04:05.000Z07:00";

const list: readonly object[] = [
  { name: "a", port: 80, hosts: "x.example, y.example", tags: "one,,two", labels: { tier: "" } },
  { name: "b", port: "80", labels: { tier: "web" } },
  { name: "c", port: 443, labels: { __proto__x: "1", constructor: "odd" } },
];
const names = (value: unknown): unknown => (value as readonly { name: string }[]).map(({ name }) => name).join("");

const chosen: readonly [names: string, name: string, ...args: unknown[]][] = [
  ["ab", "where", list, "port", 80],
  ["ab", "where", list, "port", "80"],
  ["bc", "where", list, "hosts", undefined],
  ["c", "whereNot", list, "port", 80],
  ["abc", "whereNot", list, "nowhere", 1],
  ["ab", "whereExist", list, "labels.tier"],
  ["a", "where", list, "labels.tier", ""],
  ["a", "whereAny", list, "tags", ",", ["", "x"]],
  ["", "whereAny", list, "hosts", ",", ["y.example"]],
  ["a", "whereAll", list, "tags", ",", ["one", "one", "two"]],
  ["a", "whereAll", list, "tags", ",", []],
  ["ab", "whereLabelExists", list, "tier"],
  ["c", "whereLabelDoesNotExist", list, "tier"],
  ["", "whereLabelExists", list, "constructor"],
  ["b", "whereLabelValueMatches", list, "tier", "e"],
  ["a", "whereLabelValueMatches", list, "tier", "^$"],
  ["abc", "sortObjectsByKeysAsc", list, "port"],
  ["cab", "sortObjectsByKeysDesc", list, "port"],
  ["cab", "sortObjectsByKeysAsc", list, "labels.tier"],
];
for (const [expected, name, ...args] of chosen) {
  const title = args
    .slice(1)
    .map((arg) => JSON.stringify(arg))
    .join(" ");
  test(`${name} LIST ${title} gives ${expected === "" ? "nobody" : expected}`, () => {
    assert.equal(names(run(name, ...args)), expected);
  });
}

const results: readonly [result: unknown, name: string, ...args: unknown[]][] = [
  [["443", "80"], "groupByKeys", list, "port"],
  [{ "": 1 }, "merge", { "": 1 }],
  [{ a: { b: 1, c: 2 } }, "merge", { a: { b: 1 } }, { a: { b: 9, c: 2 } }],
  [{ a: 1 }, "merge", { a: 1 }, { a: { b: 2 } }],
  [{ a: { b: 2 } }, "mergeOverwrite", { a: 1 }, { a: { b: 2 } }],
  [undefined, "coalesce", undefined],
  [0, "coalesce", undefined, "", null, 0, 1],
  [false, "coalesce", false, 1],
  [undefined, "and", 1, undefined, 0],
  [2, "and", 1, 2],
  [0, "or", "", 0],
  [true, "eq", [1, { a: "2" }], ["1", { a: 2 }]],
  [false, "eq", "", undefined],
  [true, "eq", null, undefined],
  [false, "deepEqual", { a: [1] }, { a: ["1"] }],
  [true, "deepEqual", { a: [1], b: 2 }, { b: 2, a: [1] }],
  [true, "lt", "10", "9"],
  [false, "lt", 10, "9"],
  [false, "ge", undefined, 0],
  [-3, "div", -7, 2],
  [-1, "mod", -7, 2],
  [1.01, "round", 1.005, 2],
  [-3, "round", -2.5],
  [1e21, "round", 1e21, 2],
  [12, "int", "12.9"],
  [0, "int", "0x10"],
  [0, "int", [1]],
  [[0, -1], "until", -2],
  [[], "untilStep", 0, 9, 0],
  ["3 2 1", "seq", 3, 1],
  ["1 0 -1", "seq", -1],
  [["a", "", "b"], "split", "a,,b", ","],
  [[""], "split", "", ","],
  [["a", "b,c"], "splitN", "a,b,c", ",", 2],
  [["a,b"], "splitN", "a,b", ",", 1],
  [[], "splitN", "a,b", ",", 0],
  ["a-b.c", "replace", "a.b.c", ".", "-", 1],
  ["$&", "replace", "a", "a", "$&"],
  ["a.b", "replace", "a.b", ".", "-", 0],
  ["bcd", "substr", 1, -1, "abcd"],
  ["\u{1f600}", "trunc", 1, "\u{1f600}é"],
  [2, "len", "\u{1f600}é"],
  ["my_http_server2x", "snakecase", "MyHTTPServer2x"],
  ["a.example", "closest", ["a.example", "b.example", "example"], "x.a.example b.example"],
  ["#", "comment", "#", ""],
  ["#a\n#", "comment", "#", "a\n"],
  ["+05|a  |  a|-007", "printf", "%+03d|%-3s|%3s|%04d", 5, "a", "a", -7],
  ["ff c3a9 100%", "printf", "%x %x %d%%", 255, "é", 100],
  [["a", "b"], "uniq", ["a", "b", "a"]],
  [[1, 2, 3], "flat", [1, [2, [3]]]],
  [["b", "a"], "intersect", ["b", "a", "b"], ["a", "b"]],
  [false, "contains", undefined, "x"],
  [false, "contains", {}, "constructor"],
  [undefined, "index", { a: [1] }, "a", 1],
  [1, "index", { a: [1] }, "a", 0],
  ["x", "dig", "a", "b", "x", { a: 1 }],
  [["c"], "slice", ["a", "b", "c"], -1],
  [{ a: "" }, "dict", "a"],
  [{}, "dict", "__proto__", 1],
  [{ b: 1 }, "parseJson", '{"__proto__": {"x": 1}, "b": 1}'],
  [undefined, "fromJson", "{"],
  [{ a: 1 }, "fromYaml", "a: 1"],
  ["2026-01-02", "fromYaml", "2026-01-02"],
  ["null", "json", undefined],
  ["MY======", "b32enc", "f"],
  ["MZXW6YTBOI======", "b32enc", "foobar"],
  ["foobar", "b32dec", "MZXW6YTBOI======"],
  [undefined, "b32dec", "1"],
  [undefined, "b64dec", "/w=="],
  [undefined, "b64dec", "a b"],
  [["1", "", "2"], "regexSplit", ",", "1,,2"],
  [["a", "b", "c"], "regexSplit", "", "abc"],
  [["a", "b,c"], "regexSplit", ",", "a,b,c", 2],
  ["-a-b-", "regexReplaceAll", "x*", "ab", "-"],
  ["<k=v>", "regexReplaceAll", "(?P<key>\\w+):(\\w+)", "k:v", "<${key}=$2>"],
  ["$x", "regexReplaceAll", "a", "a", "$$x"],
  ["-,-.-C-", "regexReplaceAll", "a?", ",.aC", "-"],
  [["", "b"], "regexFindAll", "b?", "ab"],
  ["Wed-Month", "date", "Mon-Month", Date.UTC(2026, 0, 28)],
  ["One-Two_three É", "title", "one-two_three é"],
  ["0a", "printf", "%02s", "a"],
  ["b\na", "wrap", 2, "  b  a "],
  [true, "semverCompare", "!=1.1.2", "1.2.0-rc.1"],
  [false, "semverCompare", "!=1.1", "1.2.0-rc.1"],
  ["", "regexReplaceAll", "a", "a", "$9$1x${no}"],
  ["2026-01-02T03:04:05.060Z", "date", RFC3339, WINTER],
  ["Fri Jan  2 3:04AM 002 26", "date", "Mon Jan _2 3:04PM 002 06", WINTER],
  ["04:05.06", "date", "04:05.999", WINTER],
  ["2026-08-01T00:00:00.000+02:00", "dateInZone", RFC3339, SUMMER, "Europe/Berlin"],
  ["2026-07-31 +0000 +00 UTC", "dateInZone", "2006-01-02 -0700 -07 MST", SUMMER, ""],
  ["+0530 +05 +0530", "dateInZone", "-0700 -07 MST", SUMMER, "Asia/Kolkata"],
  ["19:30 -0230", "dateInZone", "15:04 -0700", SUMMER, "America/St_Johns"],
  [undefined, "date", "2006", undefined],
  ["0s", "duration", 0],
  ["-1m0s", "duration", -60],
  ["25h0m1s", "duration", 90_001],
  ["1y", "durationRound", 31_536_000],
  [5_400_000, "dateModify", "1.5h", 0],
  [undefined, "semver", "latest"],
  ["", "ext", "a.d/b"],
  [".", "dir", "a"],
  ["/", "base", "///"],
  ["//[::1]:80/a", "urlJoin", { host: "[::1]:80", path: "a" }],
  [
    "max-age=31536000; includeSubDomains; preload",
    "nginxMustParseHSTS",
    " Preload ; max-age=31536000;includeSubDomains ",
  ],
  ["+5", "mustBeInt", "+5"],
  ["007", "mustBeIntInRange", 1, 9, "007"],
];
for (const [result, name, ...args] of results) {
  test(`${name} ${args.map((arg) => JSON.stringify(arg)).join(" ")} gives ${JSON.stringify(result)}`, () => {
    assert.deepEqual(bare(run(name, ...args)), result);
  });
}

test("an URL is taken apart without decoding, the port and brackets of its host too", () => {
  assert.deepEqual(bare(run("urlParse", "HTTPS://u:p@x@[::1]:8443/a%20b?q=1&r#f")), {
    scheme: "https",
    userinfo: "u:p@x",
    host: "[::1]:8443",
    hostname: "::1",
    port: "8443",
    path: "/a%20b",
    query: "q=1&r",
    fragment: "f",
  });
});

const refused: readonly [name: string, ...args: unknown[]][] = [
  ["where", "text", "a", 1],
  ["where", list, {}, 1],
  ["groupBy", list, "labels"],
  ["groupByMulti", list, "labels", ","],
  ["when", "true", 1, 2],
  ["add", "many", 1],
  ["div", 1, 0],
  ["round", 1, 16],
  ["lt", "a", 1],
  ["parseBool", "yes"],
  ["parseJson", "{"],
  ["printf", "%s"],
  ["printf", "a", 1],
  ["printf", "%z", 1],
  ["printf", "100%", 1],
  ["regexMatch", "(", "a"],
  ["regexMatch", "(?=a)", "a"],
  ["regexMatch", "(a)\\1", "a"],
  ["dateInZone", "2006", 0, "Moon/Base"],
  ["dateModify", "soon", 0],
  ["semverCompare", "newest", "1.0.0"],
  ["mustBeOneOf", ["a"], "b"],
  ["mustBeInt", " 5"],
  ["mustBeIntInRange", 1, 9, "10"],
  ["fail", "no"],
  ["nginxMustParseHSTS", "max-age=0"],
  ["nginxMustParseHSTS", "max-age=31536000;"],
  ["nginxMustParseHSTS", "max-age=1; includeSubDomains; preload"],
  ["nginxMustParseHSTS", "max-age=1; max-age=2"],
];
for (const [name, ...args] of refused) {
  test(`${name} ${args
    .map((arg) => JSON.stringify(arg))
    .join(" ")
    .slice(0, 80)} fails`, () => {
    assert.throws(() => run(name, ...args), { name: "HelperError" });
  });
}
