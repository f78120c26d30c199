import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { composeLabels } from "../../shared/compose-labels.ts";
import { fc } from "../../property.ts";
import { keyOf, type InventoryContainer } from "../../../renderer/inventory/inventory-change.ts";
import { matchesPattern } from "../../../renderer/select/pattern.ts";
import { SelectRule } from "../../../renderer/select/rule.ts";
import { filterReason } from "../../../renderer/select/select.ts";
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
  labels: { ...composeLabels("shop"), tier: "a=b", empty: "" },
  fromImage: { read: true, env: [], labels: [] },
  withheld: { env: 0, labels: 0 },
  refused: [],
};

const known = (container: Container): InventoryContainer => ({ agent: "/one.sock", dockerHost: "local", container });
const select = (all: readonly InventoryContainer[], rule: SelectRule): InventoryContainer[] =>
  all.filter(({ container }) => filterReason(container, rule) === undefined);
const takes = (rule: unknown, changes: Partial<Container> = {}): boolean =>
  select([known({ ...SHOP, ...changes })], SelectRule.parse(rule)).length === 1;

describe("selects, or excludes:", () => {
  const udp = { ports: [{ port: 53, proto: "udp" as const }] };
  const published = { ports: [{ port: 80, proto: "tcp" as const, published: [{ ip: "0.0.0.0", port: 8080 }] }] };
  const cases: readonly [title: string, rule: unknown, changes: Partial<Container>, taken: boolean][] = [
    ["an empty rule selects a running container", {}, {}, true],
    ["an empty rule selects a paused container", {}, { state: "paused" }, true],
    ["an empty rule excludes an exited container", {}, { state: "exited" }, false],
    ["includeStopped selects an exited container", { includeStopped: true }, { state: "exited" }, true],
    ["onlyExposed selects a container with a TCP port", { onlyExposed: true }, {}, true],
    ["onlyExposed selects a container with only a UDP port", { onlyExposed: true }, udp, true],
    ["onlyExposed excludes a container without ports", { onlyExposed: true }, { ports: [] }, false],
    ["onlyPublished selects a container with a published port", { onlyPublished: true }, published, true],
    ["onlyPublished excludes a container that only exposes ports", { onlyPublished: true }, {}, false],
    ["an exposed port", { where: [{ exposes: 5000 }] }, {}, true],
    ["an exposed port in a range", { where: [{ exposes: "4000-6000/tcp" }] }, {}, true],
    ["an exposed port of another protocol", { where: [{ exposes: "5000/udp" }] }, {}, false],
    ["a port that is not exposed", { where: [{ exposes: ["80", "50000"] }] }, {}, false],
    ["a UDP port", { where: [{ exposes: "53/udp" }] }, udp, true],
    ["a UDP port without protocol", { where: [{ exposes: "53" }] }, udp, false],
    ["a published port of the Docker host", { where: [{ publishes: "8080" }] }, published, true],
    ["a container port that is published on another port", { where: [{ publishes: "80" }] }, published, false],
    ["any published port, where none is published", { where: [{ publishes: "1-65535" }] }, {}, false],
    ["an exact name", { where: [{ name: "shop-web-1" }] }, {}, true],
    ["a prefix without *", { where: [{ name: "shop-web" }] }, {}, false],
    ["a prefix of a name", { where: [{ name: "shop-*" }] }, {}, true],
    ["a suffix of a name", { where: [{ name: "*-1" }] }, {}, true],
    ["a part of a name", { where: [{ name: "*web*" }] }, {}, true],
    ["one name of a list", { where: [{ name: ["other", "shop-*"] }] }, {}, true],
    ["no name of a list", { where: [{ name: ["other", "more"] }] }, {}, false],
    ["the key of a label", { where: [{ label: "tier" }] }, {}, true],
    ["a label with its value", { where: [{ label: "tier=a=b" }] }, {}, true],
    ["a label with the beginning of its value", { where: [{ label: "tier=a*" }] }, {}, true],
    ["a label with another value", { where: [{ label: "tier=a" }] }, {}, false],
    ["an empty label", { where: [{ label: "empty=" }] }, {}, true],
    ["an empty value for a label that has one", { where: [{ label: "tier=" }] }, {}, false],
    ["a missing label", { where: [{ label: "toString" }] }, {}, false],
    ["one of its networks", { where: [{ network: "front" }] }, {}, true],
    ["another network", { where: [{ network: "back" }] }, {}, false],
    ["its health", { where: [{ health: ["none", "healthy"] }] }, {}, true],
    ["its state", { where: [{ state: "paused" }] }, {}, false],
    ["its image", { where: [{ image: "registry.example/*" }] }, {}, true],
    ["an image that is not disclosed", { where: [{ image: "*" }] }, { image: undefined }, false],
    ["its project and service", { where: [{ project: "shop", service: "web" }] }, {}, true],
    ["its project, but not its service", { where: [{ project: "shop", service: "db" }] }, {}, false],
    ["a prefix of its id", { where: [{ id: "abcdef012345" }] }, {}, true],
    ["two entries that match", { where: [{ label: "tier" }, { network: "front" }] }, {}, true],
    ["two entries of which one matches", { where: [{ label: "tier" }, { network: "back" }] }, {}, false],
    ["not, with a match", { where: [{ not: { name: "shop-*" } }] }, {}, false],
    ["not, without a match", { where: [{ not: { name: "other" } }] }, {}, true],
    ["not, with a partial match", { where: [{ not: { name: "shop-*", network: "back" } }] }, {}, true],
    ["a match together with not", { where: [{ network: "front", not: { state: "paused" } }] }, {}, true],
  ];
  for (const [title, rule, changes, taken] of cases) {
    test(title, () => assert.equal(takes(rule, changes), taken));
  }
});

const mistakes: readonly [unknown, RegExp][] = [
  [{ where: [{}] }, /must have at least one of label, name/],
  [{ where: [{ not: {} }] }, /must have at least one of label, name/],
  [{ where: [{ name: "a*b" }] }, /\* only at its beginning, its end or both/],
  [{ where: [{ name: "" }] }, /must be text/],
  [{ where: [{ label: "a*=b" }] }, /the key of a label, or key=value/],
  [{ where: [{ id: "abc" }] }, /at least the first 12 digits/],
  [{ where: [{ state: "up" }] }, /running/],
  [{ where: [{ network: [] }] }, /at least one entry/],
];
for (const [rule, message] of mistakes) {
  test(`${JSON.stringify(rule)} is rejected with a reason`, () => {
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

test("a selection keeps the order, and selecting again changes nothing", () => {
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

test("a predicate and its negation together select every container exactly once", () => {
  fc.assert(
    fc.property(inventory, predicate, (all, fields) => {
      const by = (entry: unknown) => select(all, SelectRule.parse({ includeStopped: true, where: [entry] }));
      const [yes, no] = [by(fields), by({ not: fields })];
      assert.equal(yes.length + no.length, all.length);
      assert.ok(yes.every((one) => !no.includes(one)));
    }),
  );
});

test("an additional entry never selects more containers", () => {
  fc.assert(
    fc.property(inventory, rules, predicate, (all, rule, fields) => {
      const narrower = SelectRule.parse({ ...rule, where: [...rule.where, fields] });
      const wide = select(all, rule);
      assert.ok(select(all, narrower).every((one) => wide.includes(one)));
    }),
  );
});

test("a pattern matches like the string method it stands for", () => {
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

test("selecting changes equals selecting everything at once", () => {
  const changes = fc.array(fc.record({ upserted: inventory, goneEvery: fc.integer({ min: 1, max: 4 }) }), {
    maxLength: 6,
  });
  fc.assert(
    fc.property(changes, rules, (steps, rule) => {
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

test("nginx is passed on with its networks and its owner, and requests nothing", () => {
  const rule = SelectRule.parse({ where: [{ name: "other" }] });
  const kept = { ...composeLabels("infra"), proxy: "yes" };
  const labels = { ...kept, "sallyport.host": "a.example", "sallyport.multiports": "a.example:" };
  const nginx = known({ ...SHOP, labels, env: { VIRTUAL_HOST: "a.example" } });
  const { upserted } = new Selection(rule, () => true, "proxy").apply({ upserted: [nginx], gone: [] });
  assert.deepEqual(
    upserted.map(({ container }) => [container.networks, container.env, container.labels]),
    [[SHOP.networks, {}, kept]],
  );
});

test("a reason is reported once, and again when it changes", () => {
  const selection = new Selection(SelectRule.parse({ where: [{ network: "front" }, { not: { name: "shop-*" } }] }));
  const reported = (changes: Partial<Container>) =>
    selection.apply({ upserted: [known({ ...SHOP, ...changes })], gone: [] }).filtered.map(({ reason }) => reason);
  assert.match(reported({}).join(), /entry 2 of `where`: {"not":{"name":\["shop-\*"\]}}/);
  assert.deepEqual(reported({ health: "unhealthy" }), []);
  assert.deepEqual(reported({ state: "exited" }), ["is exited; set `includeStopped` to include it"]);
  assert.deepEqual(reported({ name: "other" }), []);
  assert.deepEqual(selection.filtered, []);
  assert.match(reported({ networks: [] }).join(), /entry 1/);
  selection.apply({ upserted: [], gone: [known(SHOP)] });
  assert.deepEqual(selection.filtered, []);
});
