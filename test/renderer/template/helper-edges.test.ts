import assert from "node:assert/strict";
import { test } from "node:test";
import { HELPERS } from "../../../renderer/template/helper-table.ts";

const byName = new Map(HELPERS.map((helper) => [helper.name, helper]));
const run = (name: string, ...args: unknown[]): unknown => byName.get(name)!.run(args, {});
/** The value as JSON, because records have no prototype. */
const bare = (value: unknown): unknown => (value === undefined ? undefined : JSON.parse(JSON.stringify(value)));

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
  test(`${name} LIST ${title} returns ${expected === "" ? "no element" : expected}`, () => {
    assert.equal(names(run(name, ...args)), expected);
  });
}

const results: readonly [result: unknown, name: string, ...args: unknown[]][] = [
  [["443", "80"], "groupByKeys", list, "port"],
  [{ "": 1 }, "merge", { "": 1 }],
  [{ a: { b: 1, c: 2 } }, "merge", { a: { b: 1 } }, { a: { b: 9, c: 2 } }],
  [{ a: 1 }, "merge", { a: 1 }, { a: { b: 2 } }],
  [undefined, "coalesce", undefined],
  [0, "coalesce", undefined, "", null, 0, 1],
  [false, "coalesce", false, 1],
  [undefined, "and", 1, undefined, 0],
  [2, "and", 1, 2],
  [0, "or", "", 0],
  [true, "eq", [1, { a: "2" }], ["1", { a: 2 }]],
  [false, "eq", "", undefined],
  [true, "eq", null, undefined],
  [true, "lt", "10", "9"],
  [false, "lt", 10, "9"],
  [false, "ge", undefined, 0],
  [12, "int", "12.9"],
  [0, "int", "0x10"],
  [0, "int", [1]],
  [["a", "", "b"], "split", "a,,b", ","],
  [[""], "split", "", ","],
  [["a", "b,c"], "splitN", "a,b,c", ",", 2],
  [["a,b"], "splitN", "a,b", ",", 1],
  [[], "splitN", "a,b", ",", 0],
  ["a-b.c", "replace", "a.b.c", ".", "-", 1],
  ["$&", "replace", "a", "a", "$&"],
  ["a.b", "replace", "a.b", ".", "-", 0],
  [2, "len", "\u{1f600}é"],
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
  [["c"], "slice", ["a", "b", "c"], -1],
  [{ a: "" }, "dict", "a"],
  [{}, "dict", "__proto__", 1],
  [{ b: 1 }, "parseJson", '{"__proto__": {"x": 1}, "b": 1}'],
  [{ a: 1 }, "fromYaml", "a: 1"],
  ["2026-01-02", "fromYaml", "2026-01-02"],
  ["null", "json", undefined],
  ["-a-b-", "regexReplaceAll", "x*", "ab", "-"],
  ["<k=v>", "regexReplaceAll", "(?P<key>\\w+):(\\w+)", "k:v", "<${key}=$2>"],
  ["$x", "regexReplaceAll", "a", "a", "$$x"],
  ["-,-.-C-", "regexReplaceAll", "a?", ",.aC", "-"],
  ["0a", "printf", "%02s", "a"],
  ["", "regexReplaceAll", "a", "a", "$9$1x${no}"],
  [".", "dir", "a"],
  [
    "max-age=31536000; includeSubDomains; preload",
    "nginxMustParseHSTS",
    " Preload ; max-age=31536000;includeSubDomains ",
  ],
  ["+5", "mustBeInt", "+5"],
  ["007", "mustBeIntInRange", 1, 9, "007"],
];
for (const [result, name, ...args] of results) {
  test(`${name} ${args.map((arg) => JSON.stringify(arg)).join(" ")} returns ${JSON.stringify(result)}`, () => {
    assert.deepEqual(bare(run(name, ...args)), result);
  });
}

const refused: readonly [name: string, ...args: unknown[]][] = [
  ["where", "text", "a", 1],
  ["where", list, {}, 1],
  ["groupBy", list, "labels"],
  ["groupByMulti", list, "labels", ","],
  ["when", "true", 1, 2],
  ["add", "many", 1],
  ["lt", "a", 1],
  ["parseBool", "maybe"],
  ["parseJson", "{"],
  ["printf", "%s"],
  ["printf", "a", 1],
  ["printf", "%z", 1],
  ["printf", "100%", 1],
  ["regexMatch", "(", "a"],
  ["regexMatch", "(?=a)", "a"],
  ["regexMatch", "(a)\\1", "a"],
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
