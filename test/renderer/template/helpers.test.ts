import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
// oxlint-disable-next-line no-restricted-imports -- the examples are for the real engine
import Handlebars from "handlebars";
import { withReference } from "../../../.ci/template-reference.ts";
import { HELPERS } from "../../../renderer/template/helper-table.ts";

const engine = Handlebars.create();
for (const { name, run } of HELPERS) {
  engine.registerHelper(name, (...args: unknown[]) => {
    const options = args.pop() as Handlebars.HelperOptions;
    return run(args, options.hash as Record<string, unknown>);
  });
}

describe("examples of the reference print the output that it shows", () => {
  for (const { name, example } of HELPERS) {
    test(`${name}: ${example.template}`, () => {
      assert.equal(engine.compile(example.template, { noEscape: true })(example.data ?? {}), example.output);
    });
  }
});

test("each helper has a unique name, a description in sentences and an example that calls it", () => {
  for (const { name, usage, description, example } of HELPERS) {
    assert.match(example.template, new RegExp(`\\b${name}\\b`));
    assert.match(description, /^[^ ].*[.]$/s, name);
    assert.equal(usage.split(" ")[0], name);
  }
  assert.equal(new Set(HELPERS.map(({ name }) => name)).size, HELPERS.length);
});

test("helpers are sorted by group and name", () => {
  const order = HELPERS.map(({ group, name }) => `${group}\n${name}`);
  assert.deepEqual(order, order.toSorted());
});

/** docker-gen 0.17 without `eval`, `nginxQuote`, `mustToYaml` and the aliases `sprig…`; Go's templates without printing and calls. */
const DOCKER_GEN = `
  where whereNot whereExist whereNotExist whereAny whereAll whereLabelExists whereLabelDoesNotExist whereLabelValueMatches
  groupBy groupByWithDefault groupByKeys groupByMulti groupByLabel groupByLabelWithDefault
  sortStringsAsc sortStringsDesc sortObjectsByKeysAsc sortObjectsByKeysDesc keys contains closest coalesce when intersect
  split splitN replace toLower toUpper parseBool queryEscape json parseJson sha1 fromYaml mustFromYaml toYaml comment dir
  mustBeOneOf mustBeInt mustBeIntInRange nginxMustParseHSTS and or not eq ne lt le gt ge len index slice printf
`;

test("every function of docker-gen and of Go's templates that makes sense here is a helper", () => {
  const names = HELPERS.map(({ name }) => name);
  assert.deepEqual(
    DOCKER_GEN.trim()
      .split(/\s+/)
      .filter((name) => !names.includes(name)),
    [],
  );
});

test("the published reference is up to date; `npm run docs` writes it", () => {
  const page = readFileSync("docs/reference/template-helpers.md", "utf8");
  assert.equal(page, withReference(page));
});
