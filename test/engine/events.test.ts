import assert from "node:assert/strict";
import { request } from "node:http";
import { test, type TestContext } from "node:test";
import { eventually } from "../eventually.ts";
import { fetchRaw, brief, engineWithClient, listen, type WireEvent } from "./client.ts";
import type { Engine } from "./engine.ts";

/** Starts an engine and collects its events in short form. */
async function engineWithEvents(
  t: TestContext,
  apiVersion: string,
  filters: object = {},
): Promise<{ engine: Engine; received: WireEvent[]; eventsUntil: (last: string) => Promise<string[]> }> {
  const { engine, docker } = await engineWithClient(t, { apiVersion });
  const received = await listen(t, docker, filters);
  const briefs = () => received.map((event) => brief(engine, event));
  const eventsUntil = async (last: string) => {
    await eventually(`event ${last}`, () => briefs().at(-1) === last);
    return briefs();
  };
  return { engine, received, eventsUntil };
}

test("emits start and stop in the order of Docker Engine 26", async (t) => {
  const { engine, eventsUntil } = await engineWithEvents(t, "1.45");
  await engine.run({ name: "web", networks: ["front"] });
  await engine.stop("web");
  const expected = ["create front", "create web", "connect front web", "start web"];
  const end = ["kill web 15", "disconnect front web", "stop web", "die web"];
  assert.deepEqual(await eventsUntil("die web"), [...expected, ...end]);
});

test("emits start and stop in the order of Docker Engine 20.10", async (t) => {
  const { engine, eventsUntil } = await engineWithEvents(t, "1.41");
  await engine.run({ name: "web", stopSignal: "QUIT" });
  await engine.stop("web", { stubborn: true });
  const begin = ["create web", "connect bridge web", "start web"];
  const end = ["kill web 3", "kill web 9", "die web", "disconnect bridge web", "stop web"];
  assert.deepEqual(await eventsUntil("stop web"), [...begin, ...end]);
});

test("emits different events for exit, crash, kill, stop and remove", async (t) => {
  const { engine, eventsUntil } = await engineWithEvents(t, "1.41", { type: ["container"] });
  for (const name of ["killed", "crashed", "hupped", "removed"]) await engine.run({ name });
  await engine.kill("killed");
  await engine.crash("crashed", 3);
  await engine.start("crashed");
  await engine.kill("hupped", "HUP");
  await engine.restart("hupped");
  await engine.remove("removed");
  const briefs = await eventsUntil("destroy removed");
  assert.deepEqual(
    briefs.slice(8),
    [
      ["kill killed 9", "die killed"],
      ["die crashed", "start crashed"],
      ["kill hupped 1", "kill hupped 15", "die hupped", "stop hupped", "start hupped", "restart hupped"],
      ["kill removed 9", "die removed", "destroy removed"],
    ].flat(),
  );
});

test("emits pause, rename, health, network and exec events", async (t) => {
  const { engine, received, eventsUntil } = await engineWithEvents(t, "1.45");
  await engine.run({ name: "web", health: "starting" });
  engine.pause("web");
  engine.unpause("web");
  engine.health("web", "healthy");
  engine.health("web", "healthy");
  engine.exec("web", "sh -c 'echo secret'");
  await engine.connect("web", "bridge2");
  await engine.disconnect("web", "bridge2");
  engine.rename("web", "site");
  assert.deepEqual(
    (await eventsUntil("rename site")).slice(3),
    [
      ["pause web", "unpause web", "health_status: healthy web"],
      ["exec_create: sh -c 'echo secret' web", "exec_start: sh -c 'echo secret' web", "exec_die web"],
      ["create bridge2", "connect bridge2 site", "disconnect bridge2 site", "disconnect bridge2 site"],
      ["rename site"],
    ].flat(),
  );
  assert.equal(received.at(-1)?.Actor.Attributes["oldName"], "/web");
});

test("events have Docker's format, in which labels can forge attributes", async (t) => {
  const { engine, received } = await engineWithEvents(t, "1.41", { event: ["kill"] });
  const { id } = await engine.run({ name: "web", image: "site:1", labels: { signal: "1", name: "other" } });
  await engine.kill("web", "TERM");
  await eventually("the event", () => received.length === 1);
  const { time, timeNano, ...rest } = received[0] as WireEvent;
  assert.deepEqual(rest, {
    status: "kill",
    id,
    from: "site:1",
    Type: "container",
    Action: "kill",
    scope: "local",
    Actor: { ID: id, Attributes: { image: "site:1", name: "web", signal: "1" } },
  });
  assert.equal(Math.floor(Number(timeNano) / 1e9), time);
});

test("filters events like Docker, where health_status enables prefix matching", async (t) => {
  const { engine, docker } = await engineWithClient(t);
  const { id } = await engine.run({ name: "web", health: "starting" });
  const byAction = await listen(t, docker, { type: ["container"], event: ["pause", "health_status"] });
  const byContainer = await listen(t, docker, { container: [id] });
  const byNetwork = await listen(t, docker, { type: { network: true } });
  engine.pause("web");
  engine.unpause("web");
  engine.health("web", "healthy");
  await engine.run({ name: "other" });
  const briefs = (events: WireEvent[]) => events.map((event) => brief(engine, event));
  await eventually("the last event", () => briefs(byNetwork).includes("connect bridge other"));
  assert.deepEqual(briefs(byAction), ["pause web", "health_status: healthy web"]);
  assert.deepEqual(briefs(byContainer), ["pause web", "unpause web", "health_status: healthy web"]);
  assert.deepEqual(briefs(byNetwork), ["connect bridge other"]);
});

test("supports since and until", async (t) => {
  const { engine } = await engineWithClient(t);
  await engine.run({ name: "web" });
  const { text: past } = await fetchRaw(engine.socketPath, "/events?since=1&until=2.999999999");
  assert.equal(past, "", "nothing happened then");
  const soon = Math.ceil(Date.now() / 1000);
  const { text: all } = await fetchRaw(engine.socketPath, `/events?since=1&until=${soon}`);
  const actions = all
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as WireEvent).Action);
  assert.deepEqual(actions, ["create", "connect", "start"]);
  assert.match((await fetchRaw(engine.socketPath, "/events?since=yesterday")).text, /invalid syntax/);
});

test("sends the headers of the stream before the first event", async (t) => {
  const { engine } = await engineWithClient(t);
  const status = await new Promise((resolve) => {
    const asked = request({ socketPath: engine.socketPath, path: "/v1.45/events", agent: false }, (response) => {
      resolve(response.statusCode);
      asked.destroy();
    });
    asked.end();
  });
  assert.equal(status, 200);
  await eventually("the reader is disconnected", () => engine.api.eventStreams === 0);
});

test("silent changes appear in the list only", async (t) => {
  const { engine, docker } = await engineWithClient(t);
  const received = await listen(t, docker);
  await engine.silently(() => engine.run({ name: "missed" }));
  await engine.run({ name: "received" });
  await eventually("the other event", () => received.some(({ Action }) => Action === "start"));
  assert.ok(received.every(({ Actor }) => Actor.Attributes["name"] !== "missed"));
  assert.equal((await docker.listContainers()).length, 2);
});
