import assert from "node:assert/strict";
import { test } from "node:test";
import { namesInTemplate, printPolicy } from "../../../renderer/import/docker-gen/policy.ts";
import { importFiles } from "../../../renderer/import/docker-gen/import.ts";
import { context } from "./imported.ts";

for (const [text, labels, env] of [
  ['{{ index .Labels "com.example.tier" }}', ["com.example.tier"], []],
  ['{{ index $c.Labels "a" }}{{ .Labels.team }}', ["a", "team"], []],
  ['{{ range whereLabelExists $ "logs.enable" }}', ["logs.enable"], []],
  ['{{ range groupByLabel $ "team" }}', ["team"], []],
  ['{{ range whereLabelValueMatches $ "team" "^a" }}', ["team"], []],
  ["{{ .Env.TEAM }}", [], ["TEAM"]],
  ['{{ groupByMulti $ "Env.TEAM" "," }}', [], ["TEAM"]],
  ['{{ index .Env "TEAM" }}', [], ["TEAM"]],
  ['{{labels.[a.b]}} {{get labels "c"}} {{env.TEAM}}', ["c", "a.b"], ["TEAM"]],
  ["{{ .Name }}", [], []],
] as const) {
  test(`import --policy finds what ${text} reads`, () => {
    assert.deepEqual(namesInTemplate(text), { labels, env });
  });
}

test("the policy discloses what templates and filters read besides the default, each name once", () => {
  const names = { labels: ["b", "a", "com.docker.compose.project", "a"], env: ["TEAM", "VIRTUAL_HOST"] };
  assert.deepEqual(JSON.parse(printPolicy([names])), { extends: "default", env: ["TEAM"], labels: ["a", "b"] });
  const toml = '[[config]]\ntemplate = "a.tmpl"\ndest = "/x"\n[config.ContainerFilter]\nlabel = ["role=web"]\n';
  const files = new Map([
    ["a.toml", toml],
    ["/srv/a.tmpl", "{{ .Env.REGION }}"],
  ]);
  const imported = importFiles(
    ["a.toml"],
    context((file) => {
      const text = files.get(file);
      return text === undefined ? { problem: `${file}: ENOENT, cannot be read` } : { text };
    }),
  );
  assert.ok(imported.kind === "imported", JSON.stringify(imported));
  assert.deepEqual(JSON.parse(imported.policy), { extends: "default", env: ["REGION"], labels: ["role"] });
});
