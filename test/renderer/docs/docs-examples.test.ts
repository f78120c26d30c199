import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { parseConfig } from "../../../renderer/config/load.ts";
import { templatesOf } from "../../../renderer/config/template-target.ts";

/** Directory of the templates in the image. */
const IN_IMAGE = "/etc/sallyport/templates/";

const examples = readdirSync("docs", { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".md"))
  .flatMap((name) => {
    const text = readFileSync(join("docs", name), "utf8");
    return [...text.matchAll(/^```yaml\n([^]*?)^```/gm)]
      .filter(([, yaml = ""]) => /^targets:/m.test(yaml))
      .map(({ 1: yaml = "", index }) => ({ yaml, place: `docs/${name}:${text.slice(0, index).split("\n").length}` }));
  });

test("the documentation has examples of configurations", () =>
  assert.ok(examples.length >= 5, String(examples.length)));

for (const { yaml, place } of examples) {
  test(`the example at ${place} is valid, and the image has its templates`, () => {
    const written = parse(yaml) as Readonly<Record<string, unknown>>;
    const config = parseConfig(JSON.stringify({ agents: [{ socket: "/a.sock" }], ...written }), place);
    assert.ok(!("problems" in config), JSON.stringify(config));
    for (const file of config.targets.flatMap(templatesOf)) {
      const own = file.startsWith(IN_IMAGE) ? join("renderer/templates", file.slice(IN_IMAGE.length)) : undefined;
      assert.ok(own === undefined || existsSync(own), `${file} is not in the image`);
    }
  });
}
