import assert from "node:assert/strict";
import { describe, test } from "node:test";
// oxlint-disable-next-line no-restricted-imports -- the examples are for the real engine
import Handlebars from "handlebars";
import { HELPERS } from "../../../renderer/template/helper-table.ts";

const engine = Handlebars.create();
for (const { name, run } of HELPERS) {
  engine.registerHelper(name, (...args: unknown[]) => {
    const options = args.pop() as Handlebars.HelperOptions;
    return run(args, options.hash as Record<string, unknown>);
  });
}

describe("examples of the reference", () => {
  for (const { name, example } of HELPERS) {
    test(`${name}: ${example.template}`, () => {
      assert.equal(engine.compile(example.template, { noEscape: true })(example.data ?? {}), example.prints);
    });
  }
});
