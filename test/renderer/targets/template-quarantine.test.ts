import assert from "node:assert/strict";
import { test } from "node:test";
import type { InventoryContainer } from "../../../renderer/inventory/inventory-change.ts";
import { container } from "../fake-agent.ts";
import { renderWith, templateGroup } from "./template-group.ts";

const app = (digit: string, labels: Readonly<Record<string, string>>): InventoryContainer => ({
  agent: "/a.sock",
  dockerHost: "one",
  container: container(digit, { labels }),
});

const GOOD = app("a", { tier: "web" });
const quarantinedIn = (group: ReturnType<typeof templateGroup>): string[] =>
  group.statuses[0]!.quarantined.map((one) => one.container).toSorted();
const names = (list: readonly { readonly name: string }[]): string[] => list.map(({ name }) => name).toSorted();

for (const [place, template] of [
  ["inside of each", "{{#each containers}}{{labels.tier}}{{/each}}"],
  ["outside of each", "{{#each (groupByLabel containers 'tier')}}{{@key}}{{/each}}"],
] as const) {
  test(`keeps a container quarantined while others fail after it, ${place}`, async () => {
    const group = templateGroup(template, "json");
    const bad = ["1", "2", "3"].map((digit) => app(digit, place === "inside of each" ? {} : { tier: "__proto__" }));
    for (let count = 1; count <= bad.length; count++) {
      const { text, quarantined } = await renderWith(group, [GOOD, ...bad.slice(0, count)]);
      assert.equal(text, '"web"');
      assert.deepEqual(names(quarantined), ["app1", "app2", "app3"].slice(0, count));
    }
    assert.deepEqual(names((await renderWith(group, [GOOD, bad[1]!])).quarantined), ["app2"]);
  });
}

test("keeps a container quarantined while the check rejects others", async () => {
  const group = templateGroup("{{#each containers}}{{labels.tier}} {{/each}}", "json");
  const reduceWith = async (containers: readonly InventoryContainer[]) => {
    await renderWith(group, containers);
    const revision = await group.next();
    assert.ok(revision?.kind === "revision");
    return await revision.reduce!(
      "check",
      async ([file]) => await Promise.resolve(file!.bytes.includes("bad") ? "bad word" : undefined),
    );
  };
  const containers = [GOOD, app("1", {}), app("2", { tier: "bad1" })];
  await reduceWith(containers);
  assert.deepEqual(quarantinedIn(group), ["app1", "app2"]);
  const reduced = await reduceWith([...containers, app("3", { tier: "bad2" }), app("4", {})]);
  assert.ok(reduced?.kind === "revision");
  assert.equal(reduced.files[0]!.bytes.toString(), '"web" ');
  assert.deepEqual(quarantinedIn(group), ["app1", "app2", "app3", "app4"]);
});
