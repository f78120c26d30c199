import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { PREDICATE_FIELDS } from "../../../renderer/select/rule.ts";
import { VARIABLES } from "../../../renderer/import/docker-gen/command-line.ts";
import { FLAGS } from "../../../renderer/import/docker-gen/flags.ts";
import { KEYS } from "../../../renderer/import/docker-gen/toml.ts";

const PAGE = readFileSync("docs/reference/docker-gen.md", "utf8");

/** The code spans in the first column of the tables below a heading. */
function firstColumn(heading: string): string[] {
  const section = PAGE.split(/^## /m).find((part) => part.startsWith(heading)) ?? "";
  const cells = [...section.matchAll(/^\| ([^|]*) \|/gm)].slice(1).map((row) => row[1] ?? "");
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? ""));
}

test("documents each flag and variable of docker-gen, and no other", () => {
  const flags = Object.keys(FLAGS).map((flag) => `-${flag}`);
  const named = firstColumn("Flags").map((name) => name.replace(/ .*/, ""));
  assert.deepEqual(named.toSorted(), [...flags, ...VARIABLES, "template", "dest"].toSorted());
});

test("documents each key of a docker-gen file, and no other", () => {
  assert.deepEqual(firstColumn("Keys").toSorted(), KEYS.toSorted());
});

test("documents every key of a predicate", () => {
  const explained = readFileSync("docs/reference/targets.md", "utf8");
  for (const field of PREDICATE_FIELDS) assert.match(explained, new RegExp(`\`${field}\``));
});
