import assert from "node:assert/strict";
import { test } from "node:test";
import { problems } from "../../.ci/log-reference.ts";

test("every logged event and field is described, and every described event is logged", () => {
  assert.deepEqual(problems(), []);
});
