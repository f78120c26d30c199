import assert from "node:assert/strict";
import { request } from "node:http";
import { test, type TestContext } from "node:test";
import { eventually } from "../eventually.ts";
import { ask, brief, engineWithClient, listen, type WireEvent } from "./client.ts";
import type { Engine } from "./engine.ts";

/** A new engine, and everything it tells, in few words. */
async function engineTelling(
  t: TestContext,
  apiVersion: string,
  filters: object = {},
): Promise<{ engine: Engine; heard: WireEvent[]; told: (last: string) => Promise<string[]> }> {
  const { engine, docker } = await engineWithClient(t, { apiVersion });
  const heard = await listen(t, docker, filters);
  const words = () => heard.map((event) => brief(engine, event));
  const told = async (last: string) => {
    await eventually(`event ${last}`, () => words().at(-1) === last);
    return words();
  };
  return { engine, heard, told };
}

test("start and stop are told in the order of Docker Engine 26", async (t) => {
  const { engine, told } = await engineTelling(t, "1.45");
  await engine.run({ name: "web", networks: ["front"] });
  await engine.stop("web");
  const expected = ["create front", "create web", "connect front web", "start web"];
  const end = ["kill web 15", "disconnect front web", "stop web", "die web"];
  assert.deepEqual(await told("die web"), [...expected, ...end]);
});

test("start and stop are told in the order of Docker Engine 20.10", async (t) => {
  const { engine, told } = await engineTelling(t, "1.41");
  await engine.run({ name: "web", stopSignal: "QUIT" });
  await engine.stop("web", { stubborn: true });
  const begin = ["create web", "connect bridge web", "start web"];
  const end = ["kill web 3", "kill web 9", "die web", "disconnect bridge web", "stop web"];
  assert.deepEqual(await told("stop web"), [...begin, ...end]);
});

test("a container of each fate tells its own end", async (t) => {
  const { engine, told } = await engineTelling(t, "1.41", { type: ["container"] });
  for (const name of ["killed", "crashed", "hupped", "removed"]) await engine.run({ name });
  await engine.kill("killed");
  await engine.crash("crashed", 3);
  await engine.start("crashed");
  await engine.kill("hupped", "HUP");
  await engine.restart("hupped");
  await engine.remove("removed");
  const words = await told("destroy removed");
  assert.deepEqual(
    words.slice(8),
    [
      ["kill killed 9", "die killed"],
      ["die crashed", "start crashed"],
      ["kill hupped 1", "kill hupped 15", "die hupped", "stop hupped", "start hupped", "restart hupped"],
      ["kill removed 9", "die removed", "destroy removed"],
    ].flat(),
  );
});

test("pause, rename, health, networks and exec are told", async (t) => {
  const { engine, heard, told } = await engineTelling(t, "1.45");
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
    (await told("rename site")).slice(3),
    [
      ["pause web", "unpause web", "health_status: healthy web"],
      ["exec_create: sh -c 'echo secret' web", "exec_start: sh -c 'echo secret' web", "exec_die web"],
      ["create bridge2", "connect bridge2 site", "disconnect bridge2 site", "disconnect bridge2 site"],
      ["rename site"],
    ].flat(),
  );
  assert.equal(heard.at(-1)?.Actor.Attributes["oldName"], "/web");
});

test("an event has the shape of Docker's, and labels of the container may forge what it says", async (t) => {
  const { engine, heard } = await engineTelling(t, "1.41", { event: ["kill"] });
  const { id } = await engine.run({ name: "web", image: "site:1", labels: { signal: "1", name: "other" } });
  await engine.kill("web", "TERM");
  await eventually("the event", () => heard.length === 1);
  const { time, timeNano, ...rest } = heard[0] as WireEvent;
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

test("a reader hears what its filters name, and health_status makes them match by beginning", async (t) => {
  const { engine, docker } = await engineWithClient(t);
  const { id } = await engine.run({ name: "web", health: "starting" });
  const byAction = await listen(t, docker, { type: ["container"], event: ["pause", "health_status"] });
  const byContainer = await listen(t, docker, { container: [id] });
  const byNetwork = await listen(t, docker, { type: { network: true } });
  engine.pause("web");
  engine.unpause("web");
  engine.health("web", "healthy");
  await engine.run({ name: "other" });
  const words = (events: WireEvent[]) => events.map((event) => brief(engine, event));
  await eventually("the last event", () => words(byNetwork).includes("connect bridge other"));
  assert.deepEqual(words(byAction), ["pause web", "health_status: healthy web"]);
  assert.deepEqual(words(byContainer), ["pause web", "unpause web", "health_status: healthy web"]);
  assert.deepEqual(words(byNetwork), ["connect bridge other"]);
});

test("a reader may ask for the past, and for an end", async (t) => {
  const { engine } = await engineWithClient(t);
  await engine.run({ name: "web" });
  const { text: past } = await ask(engine.socketPath, "/events?since=1&until=2.999999999");
  assert.equal(past, "", "nothing happened then");
  const soon = Math.ceil(Date.now() / 1000);
  const { text: all } = await ask(engine.socketPath, `/events?since=1&until=${soon}`);
  const actions = all
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as WireEvent).Action);
  assert.deepEqual(actions, ["create", "connect", "start"]);
  assert.match((await ask(engine.socketPath, "/events?since=yesterday")).text, /invalid syntax/);
});

test("headers of the stream arrive before the first event", async (t) => {
  const { engine } = await engineWithClient(t);
  const status = await new Promise((resolve) => {
    const asked = request({ socketPath: engine.socketPath, path: "/v1.45/events", agent: false }, (response) => {
      resolve(response.statusCode);
      asked.destroy();
    });
    asked.end();
  });
  assert.equal(status, 200);
  await eventually("the reader is gone", () => engine.api.eventStreams === 0);
});

test("what happens silently is seen by the list alone", async (t) => {
  const { engine, docker } = await engineWithClient(t);
  const heard = await listen(t, docker);
  await engine.silently(() => engine.run({ name: "unheard" }));
  await engine.run({ name: "heard" });
  await eventually("the loud one", () => heard.some(({ Action }) => Action === "start"));
  assert.ok(heard.every(({ Actor }) => Actor.Attributes["name"] !== "unheard"));
  assert.equal((await docker.listContainers()).length, 2);
});
