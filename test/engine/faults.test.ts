import assert from "node:assert/strict";
import { test } from "node:test";
import { request } from "node:http";
import { eventually } from "../eventually.ts";
import { fetchRaw, engineWithClient } from "./client.ts";
import type { Fault } from "./fault.ts";

const PATH = "/v1.45/version";

test("truncates a response", async (t) => {
  const { engine } = await engineWithClient(t);
  const whole = await fetchRaw(engine.socketPath, PATH);
  assert.equal(whole.complete, true);
  engine.api.fault("version", { kind: "cut", afterBytes: 10 }, { times: 1 });
  const { text, complete } = await fetchRaw(engine.socketPath, PATH);
  assert.deepEqual([text, complete], [whole.text.slice(0, 10), false]);
  assert.deepEqual(await fetchRaw(engine.socketPath, PATH).then((again) => again.text), whole.text, "once was enough");
});

test("sends a Content-Length that is too small or too large", async (t) => {
  const { engine } = await engineWithClient(t);
  engine.api.fault("version", { kind: "length", wrongBy: 5 }, { times: 1 });
  assert.equal((await fetchRaw(engine.socketPath, PATH)).complete, false);
  engine.api.fault("version", { kind: "length", wrongBy: -5 }, { times: 1 });
  await assert.rejects(fetchRaw(engine.socketPath, PATH), { code: "HPE_CLOSED_CONNECTION" }, "more than was announced");
});

test("sends a response byte by byte", async (t) => {
  const { engine } = await engineWithClient(t);
  const whole = await fetchRaw(engine.socketPath, PATH);
  engine.api.fault("version", { kind: "drip", everyMs: 1 });
  assert.equal((await fetchRaw(engine.socketPath, PATH)).text, whole.text);
});

test("sends an endless response", async (t) => {
  const { engine } = await engineWithClient(t);
  engine.api.fault("list", { kind: "endless", text: "[" });
  let bytes = 0;
  const asked = request({ socketPath: engine.socketPath, path: "/containers/json", agent: false }, (response) => {
    response.on("data", (part: Buffer) => (bytes += part.length));
    response.on("error", () => {});
  });
  asked.on("error", () => {});
  asked.end();
  await eventually("eight megabytes", () => bytes > 8 * 1024 * 1024);
  asked.destroy();
});

test("replaces body, status or location of a response", async (t) => {
  const { engine } = await engineWithClient(t);
  const answers: [Fault, number, string][] = [
    [{ kind: "redirect", location: "http://elsewhere.test/" }, 301, ""],
    [{ kind: "status", status: 500, message: "out of order" }, 500, '{"message":"out of order"}\n'],
    [{ kind: "body", text: '{"__proto__":{"polluted":true}}' }, 200, '{"__proto__":{"polluted":true}}'],
    [{ kind: "change", change: (answer) => [typeof answer] }, 200, '["object"]'],
    [{ kind: "raw", bytes: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno" }, 200, "no"],
  ];
  for (const [fault, status, text] of answers) {
    const planned = engine.api.fault("version", fault);
    const answer = await fetchRaw(engine.socketPath, PATH);
    assert.deepEqual([answer.status, answer.text], [status, text], fault.kind);
    assert.equal(planned.hits, 1);
    planned.lift();
  }
});

test("closes a connection without response, or never responds", async (t) => {
  const { engine } = await engineWithClient(t);
  engine.api.fault("version", { kind: "reset" }, { times: 1 });
  await assert.rejects(fetchRaw(engine.socketPath, PATH), { code: "ECONNRESET" });
  for (const fault of [{ kind: "hang" }, { kind: "stall", afterBytes: 3 }] as const) {
    const planned = engine.api.fault("version", fault);
    const asked = request({ socketPath: engine.socketPath, path: PATH, agent: false });
    asked.on("error", () => {});
    asked.on("response", (response) => response.on("error", () => {}));
    asked.end();
    await eventually("the request is received", () => planned.hits === 1);
    asked.destroy();
    planned.lift();
  }
});

test("limits a fault to one container", async (t) => {
  const { engine, docker } = await engineWithClient(t);
  await engine.run({ name: "ill", serve: false });
  await engine.run({ name: "well", serve: false });
  engine.api.fault("inspect", { kind: "status", status: 500, message: "x" }, { of: "ill" });
  await assert.rejects(docker.getContainer(engine.container("ill").id).inspect(), { statusCode: 500 });
  await docker.getContainer(engine.container("well").id).inspect();
  engine.api.liftFaults();
  await docker.getContainer(engine.container("ill").id).inspect();
});

test("truncates the stream of events or sends invalid lines", async (t) => {
  const { engine } = await engineWithClient(t);
  const reading = fetchRaw(engine.socketPath, "/events");
  await eventually("the reader", () => engine.api.eventStreams === 1);
  engine.api.writeToEventStreams("not json\n");
  engine.api.writeToEventStreams("x".repeat(1024 * 1024));
  engine.api.cutEventStreams();
  const { text, complete } = await reading;
  assert.equal(complete, false);
  assert.equal(text.trimEnd(), `not json\n${"x".repeat(1024 * 1024)}`);

  engine.api.fault("events", { kind: "status", status: 500, message: "no" });
  assert.equal((await fetchRaw(engine.socketPath, "/events")).status, 500);
});

test("stops with or without removing its socket, and returns with its containers", async (t) => {
  const { engine, docker } = await engineWithClient(t);
  await engine.run({ name: "web", expose: [5000] });
  const reading = fetchRaw(engine.socketPath, "/events?since=1");
  await eventually("the reader", () => engine.api.eventStreams === 1);
  await engine.api.goAway();
  assert.equal((await reading).complete, false);
  await assert.rejects(docker.ping(), { code: "ENOENT" });
  await engine.api.comeBack();
  await engine.api.goAway("left");
  await assert.rejects(docker.ping(), { code: "ECONNREFUSED" });
  assert.match(await (await fetch(`http://${engine.addressOf("web")}:5000/`)).text(), /app: web/);

  await engine.api.comeBack();
  assert.equal((await docker.listContainers()).length, 1);
  assert.equal((await fetchRaw(engine.socketPath, `/events?since=1&until=2`)).text, "", "the past is forgotten");
});
