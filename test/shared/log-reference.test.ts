import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { logReference, problems } from "../../.ci/log-reference.ts";

test("every logged event and field is described, and every described event is logged", () => {
  assert.deepEqual(problems(), []);
});

test("the page of log events matches the code", () => {
  assert.equal(readFileSync("docs/reference/log-events.md", "utf8"), logReference());
});
