import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fc } from "../../property.ts";
import { templateProblems } from "../../../renderer/targets/template-problems.ts";
import { parseConfig } from "../../../renderer/config/load.ts";
import { kindOfTemplate } from "../../../renderer/template/template-kind.ts";

describe("the kind of a template follows from the names that it uses", () => {
  const cases: readonly [text: string, kind: string, line: number | undefined][] = [
    ["{{#eachHost}}{{name}}{{/eachHost}}", "routes", 1],
    ["a\n{{#if tls}}\n{{#eachHost}}{{/eachHost}}{{/if}}", "routes", 3],
    ["{{#each containers}}{{name}}{{/each}}", "containers", 1],
    ["\n{{#each (where (list) 'x' (len @root.containers))}}{{/each}}", "containers", 2],
    ["{{join ',' (map containers 'name')}}", "containers", 1],
    ["{{#with (dict 'list' containers)}}{{/with}}", "containers", 1],
    ["{{at (helper x=containers) 'y'}}", "containers", 1],
    ["nothing of either", "containers", undefined],
    ["{{! eachHost }}{{'eachHost'}} eachHost containers {{this.containers.x}}", "containers", 1],
    ["{{'containers'}} {{other.containers}}", "containers", undefined],
  ];
  for (const [text, kind, line] of cases) {
    test(JSON.stringify(text), () => assert.deepEqual(kindOfTemplate(text, "t.hbs"), { kind, line }));
  }
  test("of each shipped template", () => {
    const kind = (file: string) => kindOfTemplate(readFileSync(file, "utf8"), file);
    assert.equal((kind("renderer/templates/nginx.conf.hbs") as { kind: string }).kind, "routes");
    for (const name of readdirSync("renderer/templates/gallery")) {
      const found = kind(`renderer/templates/gallery/${name}`);
      assert.ok("kind" in found && found.kind === "containers" && found.line !== undefined, name);
    }
  });
  test("an invalid template is reported with its place", () => {
    assert.deepEqual(kindOfTemplate("a\n{{#each containers}}\n", "t.hbs"), {
      problem: "t.hbs:2:1: {{#each}} is never closed",
    });
  });
  test("every text has a kind or a problem", () => {
    const piece = fc.constantFrom(
      "{{",
      "}}",
      "#each ",
      "/each",
      "containers",
      "eachHost",
      " ",
      "'",
      "(",
      ")",
      "x",
      "\n",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const found = kindOfTemplate(pieces.join(""), "t.hbs");
        assert.ok(
          "problem" in found ? /^t\.hbs:[0-9]+:[0-9]+: /.test(found.problem) : /^(routes|containers)$/.test(found.kind),
        );
      }),
    );
  });
});

test("a template of containers in an nginx target is rejected, because its output would be empty", async () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-kind-"));
  try {
    const template = join(directory, "t.hbs");
    writeFileSync(template, "# names\n{{#each containers}}{{name}}{{/each}}\n");
    const targets = [{ template, destination: join(directory, "out"), reload: "none" }];
    const config = parseConfig(JSON.stringify({ agents: [{ socket: "/a" }], targets }), "c.yml");
    assert.ok(!("problems" in config));
    assert.deepEqual(await templateProblems(config), [
      `${template}:2:9: \`containers\` is for targets with \`format\``,
    ]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
