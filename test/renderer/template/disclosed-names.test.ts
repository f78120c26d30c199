import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { parseConfig } from "../../../renderer/config/load.ts";
import { SelectRule } from "../../../renderer/select/rule.ts";
import { filterReason } from "../../../renderer/select/select.ts";
import { templateProblems } from "../../../renderer/targets/template-problems.ts";
import { undisclosedNames } from "../../../renderer/targets/undisclosed-names.ts";
import { namesRead } from "../../../renderer/template/disclosed-names.ts";
import { templateTargetOf } from "../config/target-of.ts";
import { container } from "../fake-agent.ts";
import { removeDirectory } from "../../remove-directory.ts";

const directory = mkdtempSync(join(tmpdir(), "sallyport-names-"));
after(async () => await removeDirectory(directory));

for (const [text, names] of [
  ["{{#each containers}}{{labels.[app.role]}}{{/each}}", ["labels app.role"]],
  ["{{#each containers}}{{labels.app.role}}{{/each}}", ["labels app.role"]],
  ["{{#each containers}}{{#if ownLabels.team}}{{env.TEAM}}{{/if}}{{/each}}", ["labels team", "env TEAM"]],
  ['{{#each (whereLabelExists containers "app.role")}}{{/each}}', ["labels app.role"]],
  ['{{#each (groupByLabel containers "app.role")}}{{/each}}', ["labels app.role"]],
  ['{{#each (where containers "env.APP" "shop")}}{{/each}}', ["env APP"]],
  ['{{#each (groupBy containers "ownLabels.caddy.host")}}{{/each}}', ["labels caddy.host"]],
  ['{{#each containers}}{{default 7 (get labels "logrotate.keep")}}{{/each}}', ["labels logrotate.keep"]],
  ["{{#each containers}}{{name}}{{/each}}", []],
  ["{{1 labels 'app.role'}}", []],
] as const) {
  test(`${text} reads ${names.join(" and ") || "no label"}`, () => {
    const found = namesRead([{ file: "t.hbs", text }]);
    assert.deepEqual(
      found.map(({ from, name }) => `${from} ${name}`),
      names,
    );
    for (const { place } of found) assert.equal(place, "t.hbs:1");
  });
}

test("check and render name the labels that the policy withholds, with the remedy", async () => {
  const template = join(directory, "t.hbs");
  writeFileSync(template, '{{#each (whereLabelExists containers "app.role")}}{{name}}{{/each}}');
  const target = { template, destination: "/d", format: "none", reload: "none" };
  const config = parseConfig(JSON.stringify({ agents: [{ socket: "/a" }], targets: [target] }), "test.yml");
  assert.ok(!("problems" in config), JSON.stringify(config));
  const hints: string[] = [];
  assert.deepEqual(await templateProblems(config, (hint) => hints.push(hint)), []);
  assert.deepEqual(hints, [
    `${template}: reads names that the default policy withholds; list them in the agent's policy: \`labels\`: "app.role"`,
  ]);
  const known = (labels: Record<string, string>, withheld: number) => ({
    agent: "/a",
    dockerHost: "one",
    container: container("a", { labels, withheld: { env: 0, labels: withheld } }),
  });
  assert.deepEqual(undisclosedNames(templateTargetOf(config), [known({}, 2)]), [
    `${template}:1: no container discloses the label "app.role", and the agent withholds labels of 1 container; list it in \`labels\` of the agent's policy if containers have it`,
  ]);
  assert.deepEqual(undisclosedNames(templateTargetOf(config), [known({}, 2), known({ "app.role": "" }, 0)]), []);
  assert.deepEqual(undisclosedNames(templateTargetOf(config), [known({}, 0)]), []);
});

test("a container that `where` excludes because of a withheld label has that reason", () => {
  const rule = SelectRule.parse({ where: [{ label: "app.role=web" }] });
  const reasonOf = (withheld: number, labels: Record<string, string> = {}): string | undefined =>
    filterReason(container("a", { labels, withheld: { env: 0, labels: withheld } }), rule);
  const withheld =
    /^does not match entry 1 of `where`: .*: the agent discloses no label "app\.role" and withholds 3 labels of the container; if it has the label, list it in `labels` of the agent's policy$/;
  assert.match(reasonOf(3) ?? "", withheld);
  assert.match(reasonOf(0) ?? "", /change the entry to include it$/);
  assert.match(reasonOf(3, { "app.role": "db" }) ?? "", /change the entry to include it$/);
});
