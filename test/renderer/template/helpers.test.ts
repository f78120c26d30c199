import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
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

/** An entry of the reference: `**`usage`**: description<br>`template` of `data` prints `output``. */
const ENTRY =
  /^\*\*`(?<usage>[^`]+)`\*\*: (?<description>.+)\n<br>`(?<template>.+?)`(?: of `(?<data>.+)`)? prints `(?<output>.+)`$/gm;

const page = readFileSync("docs/reference/template-helpers.md", "utf8");
const entries = [...page.matchAll(ENTRY)].map(({ groups }) => groups as Readonly<Record<string, string | undefined>>);

/** Text with line ends or outer spaces is quoted as JSON. */
function textOf(code = ""): string {
  return /^".*"$/.test(code) ? (JSON.parse(code) as string) : code;
}

describe("examples of the reference print the output that it shows", () => {
  for (const { template, data = "{}", output } of entries) {
    test(textOf(template), () => {
      assert.equal(engine.compile(textOf(template), { noEscape: true })(JSON.parse(data)), textOf(output));
    });
  }
});

test("each helper has an entry in the reference, with its usage and an example that calls it", () => {
  assert.deepEqual(new Set(entries.map(({ usage }) => usage)), new Set(HELPERS.map(({ usage }) => usage)));
  assert.equal(entries.length, HELPERS.length);
  for (const { usage = "", description, template } of entries) {
    assert.match(template!, new RegExp(`\\b${usage.split(" ")[0]}\\b`));
    assert.match(description!, /^[^ ].*[.]$/s, usage);
  }
  assert.match(page, new RegExp(`^${HELPERS.length} helpers: `, "m"));
});

test("each helper has a unique name", () => {
  assert.equal(new Set(HELPERS.map(({ name }) => name)).size, HELPERS.length);
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
