import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
// oxlint-disable-next-line no-restricted-imports -- the examples are for the real engine
import Handlebars from "handlebars";
import { withReference } from "../../../.ci/template-reference.ts";
import { HELPERS } from "../../../renderer/template/helper-table.ts";
import { NOT_OFFERED } from "../../../renderer/template/not-offered.ts";
import { DOCKER_GEN, ENGINE, GO, SPRIG } from "./known-functions.ts";

const engine = Handlebars.create();
for (const { name, run } of HELPERS) {
  engine.registerHelper(name, (...args: unknown[]) => {
    const options = args.pop() as Handlebars.HelperOptions;
    return run(args, options.hash as Record<string, unknown>);
  });
}

describe("examples of the reference print what it says", () => {
  for (const { name, example } of HELPERS) {
    test(`${name}: ${example.template}`, () => {
      assert.equal(engine.compile(example.template, { noEscape: true })(example.data ?? {}), example.prints);
    });
  }
});

test("every helper's example calls it, in a sentence there is something about it, and its name is its own", () => {
  for (const { name, usage, says, example } of HELPERS) {
    assert.match(example.template, new RegExp(`\\b${name}\\b`));
    assert.match(says, /^[^ ].*[.]$/s, name);
    assert.equal(usage.split(" ")[0], name);
  }
  assert.equal(new Set(HELPERS.map(({ name }) => name)).size, HELPERS.length);
});

test("helpers are sorted by group and name", () => {
  const order = HELPERS.map(({ group, name }) => `${group}\n${name}`);
  assert.deepEqual(order, order.toSorted());
});

test("each function of docker-gen, sprig and Go's templates is a helper, or named with the reason why it is none", () => {
  const offered = new Set([...HELPERS.map(({ name }) => name), ...ENGINE]);
  const notOffered = new Set(NOT_OFFERED.map(({ name }) => name));
  assert.deepEqual(
    [...DOCKER_GEN, ...SPRIG, ...GO].filter((name) => !offered.has(name) && !notOffered.has(name)),
    [],
  );
  assert.deepEqual(
    [...notOffered].filter((name) => offered.has(name)),
    [],
  );
  const known = new Set([...DOCKER_GEN, ...SPRIG, ...GO]);
  assert.deepEqual(
    [...notOffered].filter((name) => !known.has(name)),
    [],
  );
  assert.equal(notOffered.size, NOT_OFFERED.length);
});

test("the published reference is that of these helpers; `npm run docs` writes it", () => {
  const page = readFileSync("docs/reference/template-helpers.md", "utf8");
  assert.equal(page, withReference(page));
});
