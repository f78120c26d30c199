import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { Disclosed } from "../../agent/disclosed.ts";
import type { DockerReader } from "../../agent/docker.ts";
import { DockerError } from "../../agent/docker-error.ts";
import type { EngineEvent } from "../../agent/engine-response.ts";
import { defaultPolicy } from "../../agent/policy.ts";
import { Watch } from "../../agent/watch.ts";
import { eventually } from "../eventually.ts";
import { AgentProcess } from "./agent-process.ts";
import type { RpcClient } from "./rpc-client.ts";
import type { Fault } from "../engine/fault.ts";

const app = (name: string) => ({ name, env: { VIRTUAL_HOST: `${name}.example` }, expose: [5000] });

/** The requests that the agent may send. Nothing else may reach the engine. */
const PERMITTED = [
  /^\/version$/,
  /^\/v1\.[0-9]{2}\/containers\/json\?all=true$/,
  /^\/v1\.[0-9]{2}\/containers\/[0-9a-f]{64}\/json$/,
  /^\/v1\.[0-9]{2}\/images\/[0-9a-f]{64}\/json$/,
  /^\/v1\.[0-9]{2}\/events\?filters=[^&#]*$/,
];

describe("the agent with a faulty Docker", () => {
  let agent: AgentProcess;
  let renderer: RpcClient;
  before(async () => {
    agent = await AgentProcess.start(["--relist", "1"]);
    for (const name of ["one", "two", "three"]) await agent.engine.run(app(name));
    renderer = await agent.subscribe();
    await eventually("all containers are known", () => renderer.containers.length === 3);
  });
  after(async () => {
    renderer.close();
    await agent.close();
  });

  const faults: readonly [string, Fault][] = [
    ["is truncated", { kind: "cut", afterBytes: 40 }],
    ["has fewer bytes than announced", { kind: "length", wrongBy: 20 }],
    ["is invalid JSON", { kind: "body", text: "[{" }],
    ["is JSON of another type", { kind: "body", text: '{"message":"no"}' }],
    ["is an error", { kind: "status", status: 500, message: "canary-in-error" }],
    ["is a redirect", { kind: "redirect", location: "http://127.0.0.1:1/canary" }],
    ["is not HTTP", { kind: "raw", bytes: "canary\r\n\r\n" }],
    ["never starts", { kind: "reset" }],
    ["exceeds the size limit", { kind: "endless", text: `{"canary":"${"x".repeat(4_000)}"},` }],
  ];
  for (const [title, fault] of faults) {
    test(`keeps all containers when a list ${title}, and resumes with the next list`, async () => {
      const planned = agent.engine.api.fault("list", fault);
      await eventually("the fault occurs", () => planned.hits > 0);
      assert.deepEqual(renderer.containers.map(({ name }) => name).toSorted(), ["one", "three", "two"]);
      planned.lift();
      await agent.engine.run(app("fresh"));
      await eventually("a new container is disclosed", () => renderer.named("fresh") !== undefined);
      await agent.engine.remove("fresh");
      await eventually("the container is removed", () => renderer.named("fresh") === undefined);
    });
  }

  describe("inspect", { concurrency: true }, () => {
    for (const [index, [title, fault]] of faults.entries()) {
      test(`keeps a container and marks it stale while an inspect ${title}`, async () => {
        const name = `inspected${index}`;
        const { id } = await agent.engine.run(app(name));
        await eventually("the container is running", () => renderer.named(name)?.state === "running");
        const planned = agent.engine.api.fault("inspect", fault, { of: id });
        await agent.engine.restart(name);
        await eventually("the container is stale", () => renderer.named(name)?.stale === true);
        assert.equal(renderer.named(name)?.env["VIRTUAL_HOST"], `${name}.example`);
        planned.lift();
        await eventually("the container is up to date", () => {
          const container = renderer.named(name);
          return container?.stale === false && container.state === "running";
        });
        await agent.engine.remove(name);
        await eventually("the container is removed", () => renderer.named(name) === undefined);
      });
    }
  });

  test("detects changes by list while events are invalid, too long or lost", async () => {
    agent.engine.api.writeToEventStreams("garbage\n{\n");
    agent.engine.api.writeToEventStreams(`${"x".repeat(1024 * 1024)}\n`);
    await agent.engine.silently(async () => {
      agent.engine.pause("one");
      await Promise.resolve();
    });
    await eventually("a list detects the change", () => renderer.named("one")?.state === "paused");
    agent.engine.api.cutEventStreams();
    agent.engine.unpause("one");
    await eventually("the unpause is detected", () => renderer.named("one")?.state === "running");
  });

  test("keeps all containers while Docker is down and follows it again afterwards", async () => {
    await agent.engine.api.goAway();
    await eventually("the renderer is notified", () =>
      renderer.messages.some(
        (message) =>
          "method" in message && message.method === "docker.state" && message.params["state"] === "unreachable",
      ),
    );
    assert.equal(renderer.containers.length, 3);
    await agent.engine.api.comeBack();
    agent.openEngine();
    await agent.engine.run(app("later"));
    await eventually("a new container is disclosed after the reconnect", () => renderer.named("later") !== undefined);
    await agent.engine.remove("later");
  });

  test("sends permitted requests only and repeats nothing from faulty responses", () => {
    for (const { method, target } of agent.engine.api.requests) {
      assert.ok(method === "GET" && PERMITTED.some((form) => form.test(target)), `${method} ${target}`);
    }
    const output = agent.lines.join("\n") + JSON.stringify(agent.records()) + renderer.bytes;
    assert.ok(!output.includes("canary"));
  });

  test("uses less than 160 MiB of memory", () => {
    const resident = Number(/VmRSS:\s+([0-9]+) kB/.exec(readFileSync(`/proc/${agent.pid}/status`, "utf8"))?.[1]);
    assert.ok(resident > 0 && resident < 160 * 1024, `${resident} kB`);
  });
});

test("reports the HTTP status of a failed inspect, and how often the event stream ended", async () => {
  const agent = await AgentProcess.start();
  try {
    const renderer = await agent.subscribe();
    agent.engine.api.fault("inspect", { kind: "status", status: 403, message: "canary" });
    await agent.engine.run(app("denied"));
    agent.engine.api.cutEventStreams();
    await eventually("the container is listed", () => renderer.named("denied") !== undefined);
    const { unread, problem } = renderer.named("denied")!;
    assert.deepEqual([unread, problem], [true, "Docker responded with an error: 403"]);
    const health = await renderer.call("health", {});
    assert.equal("result" in health && (health.result as { streamEnds: number }).streamEnds, 1);
    await agent.logs('"docker.disconnected","error":"Docker closed the event stream","code":"docker.ended","count":1');
    agent.engine.api.liftFaults();
    await eventually("the problem is gone", () => renderer.named("denied")?.unread === false);
    assert.equal(renderer.named("denied")?.problem, undefined);
    renderer.close();
  } finally {
    await agent.close();
  }
});

describe("Docker Engines of several versions", () => {
  const spoken = [
    ["1.41", "1.41"],
    ["1.45", "1.45"],
    ["1.52", "1.52"],
    ["1.55", "1.55"],
    ["1.60", "1.55"],
  ];
  for (const [apiVersion = "", expected = ""] of spoken) {
    test(`the agent uses ${expected} with ${apiVersion}, and keeps the networks of a container that crashed`, async () => {
      const agent = await AgentProcess.start([], { apiVersion });
      try {
        agent.engine.network("front");
        await agent.engine.run({ ...app("one"), networks: ["front"] });
        const renderer = await agent.subscribe();
        await agent.engine.crash("one");
        await eventually("it has exited", () => renderer.named("one")?.state === "exited");
        await eventually("its network is kept", () => renderer.named("one")?.networks[0]?.name === "front");
        assert.equal(renderer.named("one")?.networks[0]?.ipv4, undefined);
        await agent.engine.start("one");
        await eventually("it runs", () => renderer.named("one")?.networks[0]?.ipv4 !== undefined);
        await agent.engine.disconnect("one", "front");
        await eventually("it has left", () => renderer.named("one")?.networks.length === 0);
        const versions = agent.engine.api.requests.map(({ target }) => target.split("/")[1]);
        assert.deepEqual(new Set(versions), new Set(["version", `v${expected}`]));
        renderer.close();
      } finally {
        await agent.close();
      }
    });
  }

  const unsupported = [
    ["1.56", "1.60", /update Sallyport, or lower DOCKER_MIN_API_VERSION/],
    ["1.12", "1.39", /update Docker/],
  ] as const;
  for (const [first, last, hint] of unsupported) {
    test(`an Engine with API ${first} to ${last} is reported with both ranges and a remedy`, async () => {
      const agent = await AgentProcess.start();
      try {
        const change = (answer: unknown): unknown => ({
          ...(answer as object),
          MinAPIVersion: first,
          ApiVersion: last,
        });
        agent.engine.api.fault("version", { kind: "change", change });
        await agent.stop();
        await agent.run();
        await agent.logs(
          `"error":"Docker's API version is not supported: Docker has ${first} to ${last}, the agent 1.40 to 1.55","code":"docker.version"`,
        );
        assert.match(agent.lines.find((line) => line.includes("docker.version")) ?? "", hint);
      } finally {
        await agent.close();
      }
    });
  }
});

describe("a Docker that accepts connections and keeps its event stream open", () => {
  const hung = new DockerError("docker.timeout");
  const cases: readonly [title: string, lists: number, hangs: { list: number; version: number }][] = [
    ["is unreachable when three consecutive lists time out", 5, { list: 3, version: 0 }],
    ["is unreachable when one list and the version time out", 3, { list: 1, version: 1 }],
  ];
  for (const [title, lists, hangs] of cases) {
    test(`${title}, until it responds again`, async () => {
      const left = { ...hangs };
      let [listed, connects] = [0, 0];
      const docker = {
        negotiate: async () => {
          if (listed > 1 && left.version-- > 0) throw hung;
          return await Promise.resolve("v1.47");
        },
        events: async (signal: AbortSignal) => {
          connects += 1;
          return await Promise.resolve(silence(signal));
        },
        list: async () => {
          listed += 1;
          if (listed > 1 && left.list-- > 0) throw hung;
          return await Promise.resolve({ listed: [], unreadable: 0 });
        },
      } as unknown as DockerReader;
      const states: string[] = [];
      const stop = new AbortController();
      const onState = (state: string): void => {
        states.push(state);
        if (states.length === 3) stop.abort();
      };
      const log = (): void => undefined;
      const options = { docker, policy: defaultPolicy(), disclosed: new Disclosed(), log, relistMs: 5, onState };
      // The agent's timers do not keep the process alive.
      const alive = setInterval(() => undefined, 60_000);
      assert.equal(await new Watch({ ...options, exitWhenRefused: false }).run(stop.signal), "stopped");
      clearInterval(alive);
      assert.deepEqual([states, listed, connects], [["connected", "unreachable", "connected"], lists, 2]);
    });
  }

  /** An event stream without events, which ends with the signal. */
  async function* silence(signal: AbortSignal): AsyncGenerator<EngineEvent> {
    await once(signal, "abort");
    yield* [];
    throw new DockerError("docker.ended");
  }
});

describe("requests for one container", () => {
  test("inspects on start only, not on stop, kill, pause, rename, health change or removal", async () => {
    const agent = await AgentProcess.start();
    try {
      await agent.engine.run({ ...app("one"), health: "healthy" });
      const renderer = await agent.subscribe();
      await eventually("the container is running", () => renderer.named("one")?.state === "running");
      const before = agent.engine.api.requests.length;
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
      assert.equal(agent.engine.api.requests.length, before);
      await agent.engine.start("other");
      await eventually("started", () => renderer.named("other")?.state === "running");
      assert.equal(agent.engine.api.requests.length, before + 1);
      await agent.engine.remove("other");
      await eventually("removed", () => renderer.containers.length === 0);
      renderer.close();
    } finally {
      await agent.close();
    }
  });
});
