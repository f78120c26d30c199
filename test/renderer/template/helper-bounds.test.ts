import assert from "node:assert/strict";
import { test } from "node:test";
import { HELPERS } from "../../../renderer/template/helper-table.ts";
import { HelperError } from "../../../renderer/template/helper-error.ts";

const byName = new Map(HELPERS.map((helper) => [helper.name, helper]));
const run = (name: string, ...args: unknown[]): unknown => byName.get(name)!.run(args, {});

const MIB = 1024 * 1024;
const long = "a".repeat(MIB);
const many = Array.from({ length: 100_000 }, (_, at) => at);
let deep: unknown[] = [];
for (let level = 0; level < 100_000; level++) deep = [deep];

const tooMuch: readonly [name: string, ...args: unknown[]][] = [
  ["repeat", 1_000_000, "abc"],
  ["repeat", 1e12, ""],
  ["comment", "#".repeat(1000), "\n".repeat(10_000)],
  ["replace", long, "a", "b".repeat(1000)],
  ["join", "-".repeat(1000), many],
  ["printf", "%9999s", "a"],
  ["printf", "%.99f", 1],
  ["printf", "%s%s", long, long],
  ["split", long, ""],
  ["split", ",".repeat(200_000), ","],
  ["concat", many, many],
  ["trim", `${long}a`],
  ["regexMatch", "a".repeat(1001), "a"],
  ["regexMatch", "(((a{1000}){1000}){1000})", "a"],
  ["regexReplaceAll", "", long, ""],
  ["regexMatch", "^(a+)+(b|c)*[^x]{1,200}$", long],
  ["regexReplaceAll", "a", "a".repeat(90_000), "b".repeat(1000)],
  ["parseJson", `${"[".repeat(50_000)}${"]".repeat(50_000)}`],
  ["json", deep],
  ["toYaml", deep],
  ["flat", deep],
  ["uniq", [deep]],
  ["eq", deep, 1],
  ["merge", { a: 1 }, deep],
  ["at", {}, "a.".repeat(1000)],
  ["add", 1.7e308, 1.7e308],
];
for (const [name, ...args] of tooMuch) {
  const title = args.map((arg) => (Array.isArray(arg) ? "a list" : String(arg).slice(0, 24))).join(", ");
  test(`${name} of ${title} fails`, () => {
    assert.throws(
      () => run(name, ...args),
      (error) => error instanceof HelperError && error.message.startsWith(`${name}: `),
    );
  });
}

test("an exponential expansion of YAML aliases is rejected", () => {
  const bomb = ["a: &a [x,x,x,x,x,x,x,x,x]", ..."bcdefghi".split("")]
    .map((line, at, all) =>
      at === 0
        ? line
        : `${line}: &${line} [${Array(9)
            .fill(`*${all[at - 1]![0]}`)
            .join(",")}]`,
    )
    .join("\n");
  assert.equal(run("fromYaml", bomb), undefined);
  assert.throws(() => run("mustFromYaml", bomb), HelperError);
  assert.equal(run("fromYaml", "a: [".repeat(5000)), undefined);
});

test("a pattern with exponential backtracking in other engines takes linear time", () => {
  const text = `${"a".repeat(50_000)}!`;
  for (const pattern of ["(a+)+$", "^(a|a)*$", "(a|aa)+$", "(.*a){20}$", "^(([a-z])+.)+[A-Z]([a-z])+$"]) {
    assert.equal(run("regexMatch", pattern, text), false, pattern);
  }
});

test("a hostile text neither hangs nor crashes a helper that parses it", () => {
  const texts = [
    "1.".repeat(500_000),
    "a".repeat(MIB),
    " ".repeat(MIB),
    "%".repeat(100_000),
    "-1h".repeat(300_000),
    "Aa".repeat(500_000),
  ];
  const readers = ["int", "trim", "dir", "parseBool", "imageParts", "mustBeHost", "nginxMustParseHSTS", "printf"];
  for (const text of [...texts, `${"a:".repeat(500_000)}//`]) {
    for (const name of readers) outcome(name, text);
  }
});

function outcome(name: string, ...args: unknown[]): void {
  try {
    run(name, ...args);
  } catch (error) {
    assert.ok(error instanceof HelperError, String(error));
  }
}
