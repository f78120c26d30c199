import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_VALUE_BYTES } from "../../shared/text.ts";
import { fc } from "../property.ts";
import { Container, isSameContainer } from "../../shared/snapshot.ts";
import { container } from "./containers.ts";

test("a container is the same as its copy and differs from one with any changed field", () => {
  fc.assert(
    fc.property(container, fc.constantFrom(...Object.keys(Container.shape)), (one, field) => {
      assert.ok(isSameContainer(one, structuredClone(one)));
      assert.ok(!isSameContainer(one, { ...one, [field]: "changed" }));
      assert.ok(!isSameContainer(undefined, one));
    }),
  );
});

test("the contract rejects unknown fields, incomplete ids, invalid addresses and JavaScript's special keys", () => {
  const [valid] = fc.sample(container, { numRuns: 1, seed: 1 });
  assert.ok(valid && Container.safeParse(valid).success);
  const invalid: readonly object[] = [
    { secret: "value" },
    { id: "ab".repeat(31) },
    { id: "AB".repeat(32) },
    { name: "line\u2028separator" },
    { networks: [{ name: "front", ipv4: "10.0.0.256" }] },
    { ports: [{ port: 0, proto: "tcp" }] },
    { ports: [{ port: 65_536, proto: "tcp" }] },
    { env: { constructor: "x" } },
    { env: { "with space": "x" } },
    { env: { VIRTUAL_HOST: "x".repeat(MAX_VALUE_BYTES + 1) } },
    { labels: Object.fromEntries(Array.from({ length: 65 }, (_, number) => [`label${number}`, ""])) },
  ];
  for (const change of invalid)
    assert.ok(!Container.safeParse({ ...valid, ...change }).success, JSON.stringify(change));
  const hostile = JSON.parse('{"__proto__":"x"}') as object;
  assert.deepEqual(Object.getOwnPropertyNames(Container.parse({ ...valid, env: hostile }).env), []);
});
