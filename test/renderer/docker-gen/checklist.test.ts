import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { checklistPage } from "../../../.ci/docker-gen-checklist.ts";
import { TOPICS } from "./topics.ts";

for (const { name, rows } of TOPICS) {
  describe(name, () => {
    for (const { shows, here, run } of rows) test(here === undefined ? shows : `${shows}. Here: ${here}`, run);
  });
}

test("docs/reference/docker-gen-checklist.md is the table of these rows; `npm run docs` writes it", () => {
  assert.equal(readFileSync("docs/reference/docker-gen-checklist.md", "utf8"), checklistPage());
});
