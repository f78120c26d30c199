import assert from "node:assert/strict";
import { test } from "node:test";
import { fetchRaw, engineWithClient } from "./client.ts";

/** Responses of Docker Engine 26.1, API 1.45. */
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

test("rejects invalid requests with Docker's messages", async (t) => {
  const { engine } = await engineWithClient(t);
  for (const [target, status, message] of refusals) {
    const answer = await fetchRaw(engine.socketPath, target);
    assert.equal(answer.status, status, target);
    assert.deepEqual(JSON.parse(answer.text), { message }, target);
  }
});

test("redirects a path that is not normalized and accepts an encoded one", async (t) => {
  const { engine } = await engineWithClient(t);
  for (const [target, location] of [
    ["//containers/json", "/containers/json"],
    ["/v1.45/../containers/json?a=b", "/containers/json?a=b"],
    ["/containers/./json", "/containers/json"],
  ] as const) {
    const { status, headers, text } = await fetchRaw(engine.socketPath, target);
    assert.deepEqual([status, headers.location, text], [301, location, ""], target);
  }
  for (const target of ["/containers/%6ason", "/v1.45%2fcontainers%2fjson"]) {
    assert.equal((await fetchRaw(engine.socketPath, target)).text, "[]\n", target);
  }
});

test("supports GET only, and HEAD for ping", async (t) => {
  const { engine } = await engineWithClient(t);
  for (const method of ["POST", "PUT", "DELETE", "HEAD"]) {
    assert.equal((await fetchRaw(engine.socketPath, "/containers/json", method)).status, 404, method);
  }
  const { status, text, headers } = await fetchRaw(engine.socketPath, "/_ping", "HEAD");
  assert.deepEqual([status, text, headers["api-version"]], [200, "", "1.45"]);
});
