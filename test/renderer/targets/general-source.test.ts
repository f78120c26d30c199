import assert from "node:assert/strict";
import { test } from "node:test";
import { GeneralSource } from "../../../renderer/targets/general-source.ts";
import { parseConfig } from "../../../renderer/config/schema.ts";
import type { InventoryContainer } from "../../../renderer/inventory/inventory-change.ts";
import { containerView } from "../../../renderer/template/container-view.ts";
import { compileGeneral } from "../../../renderer/template/general-template.ts";
import { container } from "../fake-agent.ts";

const known = (digit: string, labels: Readonly<Record<string, string>>): InventoryContainer => ({
  agent: "/a.sock",
  host: "one",
  container: container(digit, { labels }),
});

function sourceOf(text: string): GeneralSource {
  const render = compileGeneral({ templates: [{ file: "t.hbs", text }], format: "json" });
  const target = { template: "/t", destination: "/d", format: "json", reload: "none" };
  const config = parseConfig(JSON.stringify({ agents: [{ socket: "/a" }], targets: [target] }), "test.yml");
  assert.ok(!("problems" in config));
  const print = async (list: readonly InventoryContainer[]) => await Promise.resolve(render(list.map(containerView)));
  return new GeneralSource(config.targets[0]!, { print });
}

const GOOD = known("a", { tier: "web" });
const names = (source: GeneralSource): string[] => source.aside.map(({ name }) => name).toSorted();

for (const [title, template] of [
  ["inside of each", "{{#each containers}}{{labels.tier}}{{/each}}"],
  ["outside of each", "{{#each (groupByLabel containers 'tier')}}{{@key}}{{/each}}"],
] as const) {
  test(`who was set aside stays so while others are found bad after it, ${title}`, async () => {
    const source = sourceOf(template);
    const bad = ["1", "2", "3"].map((digit) => known(digit, title === "inside of each" ? {} : { tier: "__proto__" }));
    for (let count = 1; count <= bad.length; count++) {
      const text = await source.render({ containers: [GOOD, ...bad.slice(0, count)] });
      assert.equal(text.toString(), '"web"');
      assert.deepEqual(names(source), ["app1", "app2", "app3"].slice(0, count));
    }
    await source.render({ containers: [GOOD, bad[1]!] });
    assert.deepEqual(names(source), ["app2"]);
  });
}

test("who was set aside stays so while others are refused by the check", async () => {
  const source = sourceOf("{{#each containers}}{{labels.tier}} {{/each}}");
  const check = async (text: Buffer) => await Promise.resolve(text.includes("bad") ? "bad word" : undefined);
  const containers = [GOOD, known("1", {}), known("2", { tier: "bad1" })];
  await source.render({ containers });
  await source.reduce({ containers }, check);
  assert.deepEqual(names(source), ["app1", "app2"]);
  const more = [...containers, known("3", { tier: "bad2" }), known("4", {})];
  await source.render({ containers: more });
  await source.reduce({ containers: more }, check);
  assert.equal((await source.render({ containers: more })).toString(), '"web" ');
  assert.deepEqual(names(source), ["app1", "app2", "app3", "app4"]);
});
