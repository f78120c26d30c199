import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { eventually } from "../eventually.ts";
import { AgentProcess } from "./agent-process.ts";
import type { RpcClient } from "./rpc-client.ts";
import type { Fault } from "../engine/fault.ts";

const app = (name: string) => ({ name, env: { VIRTUAL_HOST: `${name}.example` }, expose: [5000] });

/** The forms of a request that the agent can make; nothing else may ever reach the engine. */
const FORMS = [
  /^\/version$/,
  /^\/v1\.[0-9]{2}\/containers\/json\?all=true$/,
  /^\/v1\.[0-9]{2}\/containers\/[0-9a-f]{64}\/json$/,
  /^\/v1\.[0-9]{2}\/events\?filters=[^&#]*$/,
];

describe("whatever Docker answers, what is known stays known", () => {
  let agent: AgentProcess;
  let renderer: RpcClient;
  before(async () => {
    agent = await AgentProcess.start(["--relist", "1"]);
    for (const name of ["one", "two", "three"]) await agent.engine.run(app(name));
    renderer = await agent.subscribe();
    await eventually("all are known", () => renderer.containers.length === 3);
  });
  after(async () => {
    renderer.close();
    await agent.close();
  });

  const answers: readonly [string, Fault][] = [
    ["is cut in the middle", { kind: "cut", afterBytes: 40 }],
    ["has fewer bytes than announced", { kind: "length", wrongBy: 20 }],
    ["is not JSON", { kind: "body", text: "[{" }],
    ["is JSON of another kind", { kind: "body", text: '{"message":"no"}' }],
    ["is an error", { kind: "status", status: 500, message: "canary-in-error" }],
    ["leads elsewhere", { kind: "redirect", location: "http://127.0.0.1:1/canary" }],
    ["is no HTTP", { kind: "raw", bytes: "canary\r\n\r\n" }],
    ["never begins", { kind: "reset" }],
    ["never ends and is too large", { kind: "endless", text: `{"canary":"${"x".repeat(4_000)}"},` }],
  ];
  for (const [title, fault] of answers) {
    test(`a list that ${title} takes away nothing, and the next one heals`, async () => {
      const planned = agent.engine.api.fault("list", fault);
      await eventually("it was answered so", () => planned.hits > 0);
      assert.deepEqual(renderer.containers.map(({ name }) => name).toSorted(), ["one", "three", "two"]);
      planned.lift();
      await agent.engine.run(app("fresh"));
      await eventually("a new container is told", () => renderer.named("fresh") !== undefined);
      await agent.engine.remove("fresh");
      await eventually("its end is told", () => renderer.named("fresh") === undefined);
    });

    test(`an inspect that ${title} leaves the container as it was, stale until it can be read`, async () => {
      const { id } = agent.engine.container("two");
      const planned = agent.engine.api.fault("inspect", fault, { of: id });
      await agent.engine.restart("two");
      await eventually("it is stale", () => renderer.named("two")?.stale === true);
      assert.equal(renderer.named("two")?.env["VIRTUAL_HOST"], "two.example");
      planned.lift();
      await eventually(
        "it was read again",
        () => renderer.named("two")?.stale === false && renderer.named("two")?.state === "running",
      );
    });
  }

  test("events that end, are garbage or endless lose nothing", async () => {
    agent.engine.api.writeToEventStreams("garbage\n{\n");
    agent.engine.api.writeToEventStreams(`${"x".repeat(1024 * 1024)}\n`);
    await agent.engine.silently(async () => {
      agent.engine.pause("one");
      await Promise.resolve();
    });
    await eventually("the list told what no event did", () => renderer.named("one")?.state === "paused");
    agent.engine.api.cutEventStreams();
    agent.engine.unpause("one");
    await eventually("it goes on", () => renderer.named("one")?.state === "running");
  });

  test("an engine that goes away and comes back is an absence of Docker, not of containers", async () => {
    await agent.engine.api.goAway();
    await eventually("the renderer is told", () =>
      renderer.messages.some(
        (message) =>
          "method" in message && message.method === "docker.state" && message.params["state"] === "unreachable",
      ),
    );
    assert.equal(renderer.containers.length, 3);
    await agent.engine.api.comeBack();
    agent.openEngine();
    await agent.engine.run(app("later"));
    await eventually("it is followed again", () => renderer.named("later") !== undefined);
    await agent.engine.remove("later");
  });

  test("only the fixed requests were made, and nothing an engine said was repeated", () => {
    for (const { method, target } of agent.engine.api.requests) {
      assert.ok(method === "GET" && FORMS.some((form) => form.test(target)), `${method} ${target}`);
    }
    const said = agent.lines.join("\n") + JSON.stringify(agent.records()) + renderer.bytes;
    assert.ok(!said.includes("canary"));
  });

  test("the agent's memory stayed small", () => {
    const resident = Number(/VmRSS:\s+([0-9]+) kB/.exec(readFileSync(`/proc/${agent.pid}/status`, "utf8"))?.[1]);
    assert.ok(resident > 0 && resident < 160 * 1024, `${resident} kB`);
  });
});

describe("one request for a start, none where the event says all", () => {
  test("stop, die, kill, pause, rename, health and removal ask nothing", async () => {
    const agent = await AgentProcess.start();
    try {
      await agent.engine.run({ ...app("one"), health: "healthy" });
      const renderer = await agent.subscribe();
      await eventually("it is known", () => renderer.named("one")?.state === "running");
      const asked = agent.engine.api.requests.length;
      agent.engine.health("one", "unhealthy");
      await eventually("unhealthy", () => renderer.named("one")?.health === "unhealthy");
      agent.engine.pause("one");
      await eventually("paused", () => renderer.named("one")?.state === "paused");
      agent.engine.unpause("one");
      agent.engine.rename("one", "other");
      await eventually("renamed", () => renderer.named("other") !== undefined);
      await agent.engine.kill("other", "SIGHUP");
      await agent.engine.stop("other");
      await eventually("stopped", () => renderer.named("other")?.state === "exited");
      assert.equal(agent.engine.api.requests.length, asked);
      await agent.engine.start("other");
      await eventually("started", () => renderer.named("other")?.state === "running");
      assert.equal(agent.engine.api.requests.length, asked + 1);
      await agent.engine.remove("other");
      await eventually("removed", () => renderer.containers.length === 0);
      renderer.close();
    } finally {
      await agent.close();
    }
  });
});
