import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { eventually } from "../eventually.ts";
import { AgentProcess } from "./agent-process.ts";
import type { RpcClient } from "./rpc-client.ts";

const COUNT = 100;

/** What the agent does for one change does not depend on how many containers there are. */
describe("the work for one event", () => {
  let agent: AgentProcess;
  let renderer: RpcClient;
  before(async () => {
    // No list but the first: whatever is asked is asked because of an event.
    agent = await AgentProcess.start(["--relist", "3600"]);
    for (let number = 0; number < COUNT; number++) await agent.engine.run(app(`old${number}`));
    renderer = await agent.subscribe();
    await eventually("all are known", () => renderer.containers.length === COUNT);
  });
  after(async () => {
    renderer.close();
    await agent.close();
  });

  const app = (name: string) =>
    ({ name, env: { VIRTUAL_HOST: `${name}.example` }, expose: [5000], health: "starting" }) as const;

  /** Paths of the requests that a change made the agent ask. */
  async function requestsOf(change: () => unknown, isTold: () => boolean): Promise<string[]> {
    const before = agent.engine.api.requests.length;
    await change();
    await eventually("the change is told", isTold);
    // Whatever the change made the agent ask was asked before the next container is told.
    const mark = `mark${before}`;
    const { id } = await agent.engine.run(app(mark));
    await eventually("the mark is told", () => state(mark) === "running");
    const asked = agent.engine.api.requests.slice(before).map(({ target }) => target);
    return asked.filter((path) => !path.includes(id));
  }

  const state = (name: string) => renderer.named(name)?.state;

  test("a start costs one inspect of that container", async () => {
    const requests = await requestsOf(
      async () => await agent.engine.run(app("late")),
      () => state("late") === "running",
    );
    assert.equal(requests.length, 1);
    assert.match(requests[0]!, new RegExp(`/containers/${agent.engine.container("late").id}/json$`));
  });

  const free: readonly [string, () => unknown, () => boolean][] = [
    ["a rename", () => agent.engine.rename("late", "later"), () => renderer.named("later") !== undefined],
    [
      "a health change",
      () => agent.engine.health("old1", "unhealthy"),
      () => renderer.named("old1")?.health === "unhealthy",
    ],
    ["a stop", async () => await agent.engine.stop("later"), () => state("later") === "exited"],
    ["a crash", async () => await agent.engine.crash("old2"), () => state("old2") === "exited"],
    ["a removal", async () => await agent.engine.remove("later"), () => renderer.named("later") === undefined],
  ];
  for (const [title, change, isTold] of free) {
    test(`${title} costs no request`, async () => {
      assert.deepEqual(await requestsOf(change, isTold), []);
    });
  }

  test("a flood of changes costs few frames, and the last state is told", async () => {
    const before = renderer.messages.length;
    for (let round = 0; round < 60_000; round++) {
      agent.engine.health("old3", round % 2 === 0 ? "unhealthy" : "starting");
      if (round % 8 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    agent.engine.health("old3", "healthy");
    await eventually("the last is told", () => renderer.named("old3")?.health === "healthy");
    const frames = renderer.messages.length - before;
    assert.ok(frames <= 160, `${frames} frames for 60,001 events`);
  });
});
