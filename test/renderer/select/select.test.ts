import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { keyOf, type InventoryContainer } from "../../../renderer/inventory/inventory-change.ts";
import { matchesPattern } from "../../../renderer/select/pattern.ts";
import { SelectRule } from "../../../renderer/select/rule.ts";
import { select } from "../../../renderer/select/select.ts";
import { Selection } from "../../../renderer/select/selection.ts";
import type { Container } from "../../../shared/snapshot.ts";
import { container as anyContainer } from "../../shared/containers.ts";

const SHOP: Container = {
  id: `abcdef012345${"6".repeat(52)}`,
  name: "shop-web-1",
  state: "running",
  health: "healthy",
  stopping: false,
  stale: false,
  unread: false,
  createdAt: 1,
  image: "registry.example/shop:2",
  networks: [{ name: "front" }, { name: "shop_default" }],
  ports: [{ port: 5000, proto: "tcp" }],
  env: {},
  labels: { "com.docker.compose.project": "shop", "com.docker.compose.service": "web", tier: "a=b", empty: "" },
  withheld: { env: 0, labels: 0 },
  refused: [],
};

const known = (container: Container): InventoryContainer => ({ agent: "/one.sock", host: "local", container });
const takes = (rule: unknown, changes: Partial<Container> = {}): boolean =>
  select([known({ ...SHOP, ...changes })], SelectRule.parse(rule)).length === 1;

describe("which containers a rule takes", () => {
  const udp = { ports: [{ port: 53, proto: "udp" as const }] };
  const published = { ports: [{ port: 80, proto: "tcp" as const, published: [{ ip: "0.0.0.0", port: 8080 }] }] };
  const cases: readonly [title: string, rule: unknown, changes: Partial<Container>, taken: boolean][] = [
    ["an empty rule takes a running one", {}, {}, true],
    ["an empty rule takes a paused one", {}, { state: "paused" }, true],
    ["an empty rule leaves an exited one out", {}, { state: "exited" }, false],
    ["includeStopped takes an exited one", { includeStopped: true }, { state: "exited" }, true],
    ["onlyExposed takes one with a TCP port", { onlyExposed: true }, {}, true],
    ["onlyExposed takes one with nothing but a UDP port", { onlyExposed: true }, udp, true],
    ["onlyExposed leaves one without ports out", { onlyExposed: true }, { ports: [] }, false],
    ["onlyPublished takes one with a published port", { onlyPublished: true }, published, true],
    ["onlyPublished leaves one out that only exposes", { onlyPublished: true }, {}, false],
    ["a port it exposes", { where: [{ exposes: 5000 }] }, {}, true],
    ["a port it exposes, in a range", { where: [{ exposes: "4000-6000/tcp" }] }, {}, true],
    ["a port it exposes, of another protocol", { where: [{ exposes: "5000/udp" }] }, {}, false],
    ["a port it does not expose", { where: [{ exposes: ["80", "50000"] }] }, {}, false],
    ["a port for UDP", { where: [{ exposes: "53/udp" }] }, udp, true],
    ["a port for UDP is none for TCP", { where: [{ exposes: "53" }] }, udp, false],
    ["a port of the host it is published at", { where: [{ publishes: "8080" }] }, published, true],
    ["the published port of its own is not the host's", { where: [{ publishes: "80" }] }, published, false],
    ["no port of the host where none is published", { where: [{ publishes: "1-65535" }] }, {}, false],
    ["an exact name", { where: [{ name: "shop-web-1" }] }, {}, true],
    ["an exact name is not a beginning", { where: [{ name: "shop-web" }] }, {}, false],
    ["the beginning of a name", { where: [{ name: "shop-*" }] }, {}, true],
    ["the end of a name", { where: [{ name: "*-1" }] }, {}, true],
    ["a part of a name", { where: [{ name: "*web*" }] }, {}, true],
    ["one name of a list", { where: [{ name: ["other", "shop-*"] }] }, {}, true],
    ["no name of a list", { where: [{ name: ["other", "more"] }] }, {}, false],
    ["the key of a label", { where: [{ label: "tier" }] }, {}, true],
    ["a label with its value", { where: [{ label: "tier=a=b" }] }, {}, true],
    ["a label with the beginning of its value", { where: [{ label: "tier=a*" }] }, {}, true],
    ["a label with another value", { where: [{ label: "tier=a" }] }, {}, false],
    ["a label that is empty", { where: [{ label: "empty=" }] }, {}, true],
    ["a label that is not empty", { where: [{ label: "tier=" }] }, {}, false],
    ["a label it does not have", { where: [{ label: "toString" }] }, {}, false],
    ["one of its networks", { where: [{ network: "front" }] }, {}, true],
    ["a network it is not on", { where: [{ network: "back" }] }, {}, false],
    ["its health", { where: [{ health: ["none", "healthy"] }] }, {}, true],
    ["its state", { where: [{ state: "paused" }] }, {}, false],
    ["its image", { where: [{ image: "registry.example/*" }] }, {}, true],
    ["an image that is not disclosed", { where: [{ image: "*" }] }, { image: undefined }, false],
    ["its project and service", { where: [{ project: "shop", service: "web" }] }, {}, true],
    ["its project, but not its service", { where: [{ project: "shop", service: "db" }] }, {}, false],
    ["the beginning of its id", { where: [{ id: "abcdef012345" }] }, {}, true],
    ["every entry holds", { where: [{ label: "tier" }, { network: "front" }] }, {}, true],
    ["one entry does not hold", { where: [{ label: "tier" }, { network: "back" }] }, {}, false],
    ["not turns around", { where: [{ not: { name: "shop-*" } }] }, {}, false],
    ["not leaves others", { where: [{ not: { name: "other" } }] }, {}, true],
    ["not encloses all it names", { where: [{ not: { name: "shop-*", network: "back" } }] }, {}, true],
    ["both what must and what must not hold", { where: [{ network: "front", not: { state: "paused" } }] }, {}, true],
  ];
  for (const [title, rule, changes, taken] of cases) {
    test(title, () => assert.equal(takes(rule, changes), taken));
  }
});

const mistakes: readonly [unknown, RegExp][] = [
  [{ where: [{}] }, /must have at least one of label, name/],
  [{ where: [{ not: {} }] }, /must have at least one of label, name/],
  [{ where: [{ name: "a*b" }] }, /\* at its beginning, its end or both/],
  [{ where: [{ name: "" }] }, /part of one/],
  [{ where: [{ label: "a*=b" }] }, /the key of a label, or key=value/],
  [{ where: [{ id: "abc" }] }, /first 12 or more digits/],
  [{ where: [{ state: "up" }] }, /running/],
  [{ where: [{ network: [] }] }, /at least one/],
];
for (const [rule, message] of mistakes) {
  test(`${JSON.stringify(rule)} is a mistake that is explained`, () => {
    assert.match(JSON.stringify(SelectRule.safeParse(rule).error), message);
  });
}

const inventory = fc
  .uniqueArray(anyContainer, { selector: ({ id }) => id, maxLength: 10 })
  .map((list) => list.map(known));
const patterns = fc.constantFrom("a*", "*b", "*c*", "front", "back");
const predicate = fc.record(
  {
    name: patterns,
    network: fc.array(patterns, { minLength: 1, maxLength: 2 }),
    state: fc.constantFrom("running", "paused"),
  },
  { requiredKeys: ["network"] },
);
const rules = fc
  .record({
    onlyExposed: fc.boolean(),
    onlyPublished: fc.boolean(),
    includeStopped: fc.boolean(),
    where: fc.array(predicate, { maxLength: 2 }),
  })
  .map((rule) => SelectRule.parse(rule));

test("what is selected stands in the order it came in, and selecting again changes nothing", () => {
  fc.assert(
    fc.property(inventory, rules, (all, rule) => {
      const selected = select(all, rule);
      assert.deepEqual(
        selected,
        all.filter((one) => selected.includes(one)),
      );
      assert.deepEqual(select(selected, rule), selected);
    }),
  );
});

test("a predicate and its opposite share all containers among them", () => {
  fc.assert(
    fc.property(inventory, predicate, (all, fields) => {
      const by = (entry: unknown) => select(all, SelectRule.parse({ includeStopped: true, where: [entry] }));
      const [yes, no] = [by(fields), by({ not: fields })];
      assert.equal(yes.length + no.length, all.length);
      assert.ok(yes.every((one) => !no.includes(one)));
    }),
  );
});

test("each entry more selects no container more", () => {
  fc.assert(
    fc.property(inventory, rules, predicate, (all, rule, fields) => {
      const narrower = SelectRule.parse({ ...rule, where: [...rule.where, fields] });
      const wide = select(all, rule);
      assert.ok(select(all, narrower).every((one) => wide.includes(one)));
    }),
  );
});

test("a pattern says the same as the text it encloses", () => {
  fc.assert(
    fc.property(
      fc.string().map((text) => text.replaceAll("*", "") || "x"),
      fc.string(),
      (part, text) => {
        assert.equal(matchesPattern(part, text), text === part);
        assert.equal(matchesPattern(`${part}*`, text), text.startsWith(part));
        assert.equal(matchesPattern(`*${part}`, text), text.endsWith(part));
        assert.equal(matchesPattern(`*${part}*`, text), text.includes(part));
        assert.ok(matchesPattern("*", text));
      },
    ),
  );
});

test("selecting changes gives what selecting everything gives, whatever came and went before", () => {
  const told = fc.array(fc.record({ upserted: inventory, goneEvery: fc.integer({ min: 1, max: 4 }) }), {
    maxLength: 6,
  });
  fc.assert(
    fc.property(told, rules, (steps, rule) => {
      const selection = new Selection(rule);
      const [all, seen] = [new Map<string, InventoryContainer>(), new Map<string, InventoryContainer>()];
      for (const { upserted, goneEvery } of steps) {
        const arriving = new Set(upserted.map(keyOf));
        const gone = [...all.values()].filter((one, at) => at % goneEvery === 0 && !arriving.has(keyOf(one)));
        for (const one of gone) all.delete(keyOf(one));
        for (const one of upserted) all.set(keyOf(one), one);
        const change = selection.apply({ upserted, gone });
        for (const one of change.gone) assert.ok(seen.delete(keyOf(one)), "gone was seen before");
        for (const one of change.upserted) seen.set(keyOf(one), one);
        assert.deepEqual(new Set(seen.values()), new Set(select([...all.values()], rule)));
      }
    }),
  );
});

test("a bystander is seen with its networks and asks for nothing", () => {
  const rule = SelectRule.parse({ where: [{ name: "other" }] });
  const nginx = known({ ...SHOP, env: { VIRTUAL_HOST: "a.example" } });
  const { upserted } = new Selection(rule, () => true).apply({ upserted: [nginx], gone: [] });
  assert.deepEqual(
    upserted.map(({ container }) => [container.networks, container.env]),
    [[SHOP.networks, {}]],
  );
});

test("why a container is left out is said once, and again when it is another reason", () => {
  const selection = new Selection(SelectRule.parse({ where: [{ network: "front" }, { not: { name: "shop-*" } }] }));
  const told = (changes: Partial<Container>) =>
    selection.apply({ upserted: [known({ ...SHOP, ...changes })], gone: [] }).leftOut.map(({ why }) => why);
  assert.match(told({}).join(), /entry 2 of `where` says: {"not":{"name":\["shop-\*"\]}}/);
  assert.deepEqual(told({ health: "unhealthy" }), []);
  assert.deepEqual(told({ state: "exited" }), ["is exited"]);
  assert.deepEqual(told({ name: "other" }), []);
  assert.deepEqual(selection.leftOut, []);
  assert.match(told({ networks: [] }).join(), /entry 1/);
  selection.apply({ upserted: [], gone: [known(SHOP)] });
  assert.deepEqual(selection.leftOut, []);
});
