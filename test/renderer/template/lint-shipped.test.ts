import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { compileContainerTemplate } from "../../../renderer/template/container-template.ts";
import { type FormatName, FORMATS } from "../../../renderer/template/formats/format-table.ts";
import { compileTemplate } from "../../../renderer/template/template.ts";

const NGINX = "renderer/templates/nginx.conf.hbs";
const GALLERY = "renderer/templates/gallery";

/** Every shipped template, and the function that compiles it. */
const shipped: readonly (readonly [file: string, compile: (text: string) => void])[] = [
  [NGINX, (text) => void compileTemplate(text, "t.hbs")],
  ...readdirSync(GALLERY).map((name) => {
    const file = join(GALLERY, name);
    const format = /format: ([a-z]+)/.exec(readFileSync(file, "utf8"))![1] as FormatName;
    assert.ok(FORMATS[format], `${name} declares its format`);
    return [
      file,
      (text: string) => void compileContainerTemplate({ templates: [{ file: "t.hbs", text }], format }),
    ] as const;
  }),
];

/** Forbidden syntax, and its error message. */
const FORBIDDEN: readonly (readonly [text: string, names: RegExp])[] = [
  ["{{{name}}}", /unescaped output/],
  ["{{&name}}", /unescaped output/],
  ["{{{{shout name}}}} {{name}} {{{{/shout}}}}", /shout/],
  ["{{* log}}", /decorators|log/],
  ["{{#* inline x}}x{{/inline}}", /decorators/],
  ["{{#* other 'x'}}x{{/other}}", /decorators/],
  ["{{> (lookup . 'name')}}", /the name of a partial must be fixed/],
  ["{{> other}}", /partial/],
  ["{{#> other}}x{{/other}}", /partial/],
  ["{{> t}}", /partial/],
  ["{{shout name}}", /shout/],
  ["{{#shout name}}x{{/shout}}", /shout/],
  ["{{#if (shout name)}}x{{/if}}", /shout/],
  ["{{lookup . 'constructor'}}", /lookup/],
  ["{{#if (lookup . 'constructor')}}x{{/if}}", /lookup/],
  ["{{log name}}", /log/],
  ["{{helperMissing name}}", /helperMissing/],
  ["{{blockHelperMissing name}}", /blockHelperMissing/],
  ["{{#with (lookup . 'x')}}x{{/with}}", /lookup/],
  ["{{#if x}}", /is never closed|is closed by/],
  ["{{/if}}", /is not possible here|is closed by/],
  [`${"{{#if 1}}".repeat(60)}x${"{{/if}}".repeat(60)}`, /nested deeper than 50/],
];

for (const [file, compile] of shipped) {
  const text = readFileSync(file, "utf8");

  test(`${file} compiles`, () => {
    assert.doesNotThrow(() => compile(text));
  });

  test(`${file} with forbidden syntax is rejected with its place when it is read`, () => {
    const lines = text.split("\n");
    // Between lines, outside of every tag; a tag may go over several lines.
    const places = lines.flatMap((_line, at) => {
      const before = lines.slice(0, at).join("\n");
      return before.split("{{").length === before.split("}}").length ? [at] : [];
    });
    for (const [forbidden, names] of FORBIDDEN) {
      for (const at of [places[0]!, places[Math.floor(places.length / 2)]!, places.at(-1)!]) {
        const changed = [...lines.slice(0, at), forbidden, ...lines.slice(at)].join("\n");
        assert.throws(
          () => compile(changed),
          ({ message }: Error) => /^t\.hbs:[0-9]+/.test(message) && names.test(message),
          `${forbidden} at line ${at + 1} of ${file}`,
        );
      }
    }
  });
}

test("endless recursion of templates fails the rendering, not the process", () => {
  for (const names of [["a"], ["a", "b"], ["a", "b", "c"]]) {
    const partials = names.map((name, index) => ({
      file: `${name}.hbs`,
      text: `{{> ${names[(index + 1) % names.length]}}}`,
    }));
    const render = compileContainerTemplate({
      templates: [{ file: "t.hbs", text: "{{> a}}" }, ...partials],
      format: "json",
    });
    const made = render([]);
    assert.ok(made.kind === "failed" && /nested too deep/.test(made.message), JSON.stringify(made));
  }
});
