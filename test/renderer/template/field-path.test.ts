import assert from "node:assert/strict";
import { test } from "node:test";
import { atPath } from "../../../renderer/template/field-path.ts";

const container = {
  name: "web",
  labels: {
    com: "short",
    "com.docker": "middle",
    "com.docker.compose.service": "api",
    "a.b": { c: 1 },
    a: { "b.d": 2 },
  },
  ports: [{ port: 80 }, { port: 443 }],
  empty: null,
};

const paths: readonly [path: string, value: unknown][] = [
  ["name", "web"],
  [".name", "web"],
  ["ports.1.port", 443],
  ["ports.2.port", undefined],
  ["ports.-1.port", undefined],
  ["ports.01.port", undefined],
  ["ports.length", undefined],
  ["labels.com", "short"],
  ["labels.com.docker", "middle"],
  ["labels.com.docker.compose.service", "api"],
  ["labels.com.docker.compose", undefined],
  ["labels.a.b.c", 1],
  ["labels.a.b.d", 2],
  ["name.length", undefined],
  ["empty", null],
  ["empty.more", undefined],
  ["labels..com", undefined],
  ["labels.constructor", undefined],
  ["constructor.name", undefined],
  ["__proto__", undefined],
  ["labels.__proto__.toString", undefined],
  ["toString", undefined],
];
for (const [path, value] of paths) {
  test(`${path} leads to ${String(value)}`, () => assert.equal(atPath(container, path), value));
}

test("the empty path is the value itself", () => {
  assert.equal(atPath(container, ""), container);
  assert.equal(atPath(undefined, "a.b"), undefined);
});

test("a reserved name is not found even if a record has it as its own field", () => {
  assert.equal(atPath(JSON.parse('{"__proto__":{"a":1},"prototype":2,"constructor":3}'), "__proto__.a"), undefined);
  assert.equal(atPath(JSON.parse('{"prototype":2}'), "prototype"), undefined);
});

test("a path with dead ends at every level takes bounded time", () => {
  let record: object = { end: 1 };
  for (let level = 0; level < 100; level++) record = { a: record, "a.a": record };
  assert.equal(atPath(record, `${"a.".repeat(200)}x`), undefined);
});
