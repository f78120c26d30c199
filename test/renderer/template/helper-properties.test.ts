import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fc } from "../../property.ts";
import { HELPERS } from "../../../renderer/template/helper-table.ts";
import { HelperError } from "../../../renderer/template/helper-error.ts";

const byName = new Map(HELPERS.map((helper) => [helper.name, helper]));
const run = (name: string, ...args: unknown[]): unknown => byName.get(name)!.run(args, {});

const NAMES = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "labels",
  "a",
  "a.b",
  "a.b.c",
  "b",
  "0",
  "name",
  "id",
];
const TEXTS = [
  "",
  ".",
  "a.b.c",
  "labels.a.b",
  "80",
  "-1",
  "1.2.3",
  "(a+)+$",
  "%s%5d",
  "\ud800",
  "\ud800.a",
  "\u{1f600}é",
  "1h",
  "{}",
  "a: &a [*a]",
];

const text = fc.oneof(fc.constantFrom(...NAMES, ...TEXTS), fc.string({ unit: "binary", maxLength: 40 }));
const scalar = fc.oneof(
  text,
  fc.constantFrom(undefined, null, true, false),
  fc.integer({ min: -10, max: 100 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    { weight: 4, arbitrary: scalar },
    { weight: 2, arbitrary: fc.array(tie("value"), { maxLength: 5 }) },
    { weight: 2, arbitrary: fc.dictionary(fc.oneof(fc.constantFrom(...NAMES), text), tie("value"), { maxKeys: 5 }) },
  ),
}));
const container = fc.record({
  name: text,
  labels: fc.dictionary(fc.constantFrom(...NAMES), text),
  env: fc.dictionary(text, text),
});
const argument = fc.oneof(value, value, fc.array(container, { maxLength: 6 }), container, text);

describe("a helper returns plain data or throws HelperError, is deterministic and changes no argument", () => {
  for (const { name, usage, run } of HELPERS) {
    const positional = usage
      .split(" ")
      .slice(1)
      .filter((word) => !word.endsWith("=]"));
    test(name, () => {
      const required = positional.filter((word) => !word.startsWith("[")).length;
      const args = fc.array(argument, {
        minLength: required,
        maxLength: usage.includes("...") ? 6 : positional.length,
      });
      fc.assert(
        fc.property(args, (given) => {
          const frozen = given.map(frozenCopy);
          const first = outcome(() => run(frozen, {}));
          assert.deepEqual(
            outcome(() => run(frozen, {})),
            first,
          );
        }),
        { numRuns: 150 },
      );
    });
  }
});

/** Helpers that fail for missing data on purpose. */
const NEEDS_DATA = new Set(["endpoint", "fail", "hostPort"]);

test("only helpers that check or divide fail for missing data", () => {
  for (const { name, usage, run } of HELPERS) {
    if (NEEDS_DATA.has(name) || /^(?:mustBe|nginxMust)/.test(name)) continue;
    const required = usage
      .split(" ")
      .slice(1)
      .filter((word) => !word.startsWith("[")).length;
    for (const missing of [undefined, null]) {
      assert.doesNotThrow(
        () =>
          run(
            Array.from({ length: required }, () => missing),
            {},
          ),
        name,
      );
    }
  }
});

test("wrong arguments fail with a message that shows the usage", () => {
  assert.throws(() => run("where"), {
    name: "HelperError",
    message: "where: LIST is missing; write where LIST PATH [VALUE]",
  });
  assert.throws(() => run("trim", "a", "b"), /^HelperError: trim: too many arguments; write trim TEXT$/);
  assert.throws(
    () => byName.get("matching")!.run([[]], { nam: "x" }),
    /matching: unknown argument nam=, did you mean name=\?; write matching LIST/,
  );
});

test("a message names helper and argument, and shows at most 64 characters of a value", () => {
  assert.throws(() => run("where", "web"), { message: "where: PATH is missing; write where LIST PATH [VALUE]" });
  assert.throws(
    () => run("first", "x\ny\u202e".repeat(50)),
    (error: Error) => {
      assert.match(error.message, /^first: LIST must be a list, not the text "x\\ny\\u202e[\x20-\x7e]*\.\.\."$/);
      return error.message.length < 120;
    },
  );
});

test("a reserved name of a group fails instead of losing its elements", () => {
  for (const name of ["__proto__", "constructor", "prototype"])
    assert.throws(() => run("groupBy", [{ group: name }], "group"), {
      message: `groupBy: ${name} cannot be the name of a group`,
    });
});

test("groups, keys and printed records do not depend on the order of their input", () => {
  const group = text.filter((name) => !["__proto__", "constructor", "prototype"].includes(name));
  const items = fc.uniqueArray(fc.record({ id: fc.nat(), group }), { selector: ({ id }) => id, maxLength: 20 });
  fc.assert(
    fc.property(items, fc.infiniteStream(fc.nat()), (list, dice) => {
      const shuffled = list.map((item) => ({ item, at: dice.next().value ?? 0 })).toSorted((a, b) => a.at - b.at);
      const other = shuffled.map(({ item }) => item);
      const groups = (of: readonly object[]): unknown =>
        Object.entries(run("groupBy", of, "group") as Record<string, { id: number }[]>).map(([name, group]) => [
          name,
          group.map(({ id }) => id).toSorted((a, b) => a - b),
        ]);
      assert.deepEqual(groups(other), groups(list));
      const record = (of: readonly { id: number; group: string }[]): object =>
        Object.fromEntries(new Map(of.map(({ id, group }) => [group + id, id])));
      for (const name of ["keys", "values", "json", "toYaml"]) {
        assert.deepEqual(run(name, record(other)), run(name, record(list)));
      }
    }),
  );
});

/** A frozen copy without prototypes. */
function frozenCopy(value: unknown): unknown {
  if (Array.isArray(value)) return Object.freeze(value.map(frozenCopy));
  if (typeof value !== "object" || value === null) return value;
  const record = Object.create(null) as Record<string, unknown>;
  for (const [name, part] of Object.entries(value)) record[name] = frozenCopy(part);
  return Object.freeze(record);
}

function outcome(act: () => unknown): unknown {
  try {
    const result = act();
    assertPlain(result);
    return { result };
  } catch (error) {
    assert.ok(error instanceof HelperError, String(error));
    assert.match(error.message, /^[\x20-\x7e]{1,600}$/);
    return { message: error.message };
  }
}

function assertPlain(value: unknown): void {
  assert.ok(["undefined", "string", "boolean", "number", "object"].includes(typeof value));
  if (typeof value === "number") assert.ok(Number.isFinite(value));
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) assert.equal(Object.getPrototypeOf(value), null);
  for (const part of Object.values(value)) assertPlain(part);
}
