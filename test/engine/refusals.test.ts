import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, engineWithClient } from "./client.ts";

/** As answered by Docker Engine 26.1, API 1.45. */
const refusals: readonly [target: string, status: number, message: string][] = [
  ["/nope", 404, "page not found"],
  ["/_ping/", 404, "page not found"],
  ["/containers/nope/json", 404, "No such container: nope"],
  ["/networks/nope", 404, "network nope not found"],
  ["/v1.99/version", 400, "client version 1.99 is too new. Maximum supported API version is 1.45"],
  [
    "/v1.23/version",
    400,
    "client version 1.23 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version",
  ],
  ["/containers/json?filters={", 400, "invalid filter"],
  ["/containers/json?filters=[]", 400, "invalid filter"],
  ['/containers/json?filters={"bogus":["x"]}', 400, "invalid filter 'bogus'"],
  ['/containers/json?filters={"status":["x"]}', 400, "invalid filter 'status=x'"],
  ["/events?since=x", 500, 'strconv.ParseInt: parsing "x": invalid syntax'],
  ["/events?filters={", 400, "invalid filter"],
];

test("what cannot be answered is refused in Docker's words", async (t) => {
  const { engine } = await engineWithClient(t);
  for (const [target, status, message] of refusals) {
    const answer = await ask(engine.socketPath, target);
    assert.equal(answer.status, status, target);
    assert.deepEqual(JSON.parse(answer.text), { message }, target);
  }
});

test("a path that is not clean is redirected, one that is only encoded is answered", async (t) => {
  const { engine } = await engineWithClient(t);
  for (const [target, location] of [
    ["//containers/json", "/containers/json"],
    ["/v1.45/../containers/json?a=b", "/containers/json?a=b"],
    ["/containers/./json", "/containers/json"],
  ] as const) {
    const { status, headers, text } = await ask(engine.socketPath, target);
    assert.deepEqual([status, headers.location, text], [301, location, ""], target);
  }
  for (const target of ["/containers/%6ason", "/v1.45%2fcontainers%2fjson"]) {
    assert.equal((await ask(engine.socketPath, target)).text, "[]\n", target);
  }
});

test("nothing but GET is understood, and HEAD of the ping", async (t) => {
  const { engine } = await engineWithClient(t);
  for (const method of ["POST", "PUT", "DELETE", "HEAD"]) {
    assert.equal((await ask(engine.socketPath, "/containers/json", method)).status, 404, method);
  }
  const { status, text, headers } = await ask(engine.socketPath, "/_ping", "HEAD");
  assert.deepEqual([status, text, headers["api-version"]], [200, "", "1.45"]);
});
