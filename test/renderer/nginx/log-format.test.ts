import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fc } from "../../property.ts";
import { parseConfig } from "../../../renderer/config/load.ts";
import { quotedWithVariables } from "../../../renderer/nginx/text.ts";
import { eventually } from "../../eventually.ts";
import { NginxRig } from "./rig.ts";
import { requires } from "../../requires.ts";

const skip = requires("nginx");

/** Every character that could end a quoted text, and variables. */
const TEXT = `$host "$http_x_quoted" '$status' \\n; } # \${request_method}\tend`;

describe("a custom log format", () => {
  for (const escape of ["default", "json", "none"] as const) {
    test(`is logged literally, with variables escaped by ${escape}`, { skip }, async () => {
      const rig = new NginxRig();
      try {
        const log = join(rig.directory, "access.log");
        await rig.start({ nginx: { accessLog: { file: log, format: { text: TEXT, escape } } } }, [
          await rig.app("app", { VIRTUAL_HOST: "app.example" }),
        ]);
        await rig.ask({ host: "app.example", headers: { "x-quoted": 'a"b' } });
        const line = await eventually("the line is written", () => {
          const [first, ...more] = readFileSync(log, "utf8").split("\n");
          return more.length > 0 && first;
        });
        const expected = { default: "a\\x22b", json: 'a\\"b', none: 'a"b' }[escape];
        assert.equal(line, `app.example "${expected}" '200' \\n; } # GET\tend`);
      } finally {
        await rig.close();
      }
    });
  }

  test("cannot end its quotes", () => {
    const line = fc.string({ unit: fc.constantFrom(..."\"'\\;{}#$ab \t".split("")) });
    fc.assert(
      fc.property(line, (text) => {
        const [, inner = ""] = /^"((?:[^"\\]|\\["\\])*)"$/.exec(quotedWithVariables(text).text) ?? [];
        assert.equal(inner.replaceAll(/\\(["\\])/g, "$1"), text);
      }),
    );
  });

  const mistakes: readonly [accessLog: string, message: RegExp][] = [
    ["{ format: xml }", /accessLog\.format: must be `vhost`, `json`, or have `text`/],
    ['{ format: { text: "$host\\n" } }', /accessLog\.format\.text: must be one line of ASCII/],
    ["{ format: { text: $host, escape: yaml } }", /accessLog\.format\.escape: must be one of .*json.*, not "yaml"/],
    ["{ format: { txt: $host } }", /unknown key "txt"; did you mean "text"/],
    [`{ format: { text: ${"x".repeat(2_001)} } }`, /accessLog\.format\.text: must have at most 2000 characters/],
    ["true", /accessLog: must be `off`, or have `format`/],
  ];
  for (const [accessLog, message] of mistakes) {
    test(`${accessLog.slice(0, 50)} is rejected with its location`, () => {
      const file = readFileSync("renderer/renderer.yml", "utf8");
      const parsed = parseConfig(
        file.replace(/^( +)onlyExposed:/m, `$1nginx: { accessLog: ${accessLog} }\n$&`),
        "c.yml",
      );
      assert.match("problems" in parsed ? parsed.problems.join("\n") : "no problem", message);
    });
  }
});
