import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { eventually } from "../eventually.ts";
import { AgentProcess } from "./agent-process.ts";
import type { RpcClient } from "./rpc-client.ts";

const COUNT = 100;

/** The cost of one change does not depend on the number of containers. */
describe("requests per event", () => {
  let agent: AgentProcess;
  let renderer: RpcClient;
  before(async () => {
    // No list after the first, so that every request is caused by an event.
    agent = await AgentProcess.start(["--relist", "3600"]);
    for (let number = 0; number < COUNT; number++) await agent.engine.run(app(`old${number}`));
    renderer = await agent.subscribe();
    await eventually("all containers are known", () => renderer.containers.length === COUNT);
  });
  after(async () => {
    renderer.close();
    await agent.close();
  });

  const app = (name: string) =>
    ({ name, env: { VIRTUAL_HOST: `${name}.example` }, expose: [5000], health: "starting" }) as const;

  /** Returns the paths that the agent requests because of a change. */
  async function requestsOf(change: () => unknown, isSent: () => boolean): Promise<string[]> {
    const before = agent.engine.api.requests.length;
    await change();
    await eventually("the change arrives", isSent);
    // Requests for the change precede the disclosure of a container that starts afterwards.
    const mark = `mark${before}`;
    const { id } = await agent.engine.run(app(mark));
    await eventually("the mark arrives", () => state(mark) === "running");
    const requests = agent.engine.api.requests.slice(before).map(({ target }) => target);
    return requests.filter((path) => !path.includes(id));
  }

  const state = (name: string) => renderer.named(name)?.state;

  test("a start causes one inspect of that container", async () => {
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
  for (const [title, change, isSent] of free) {
    test(`${title} causes no request`, async () => {
      assert.deepEqual(await requestsOf(change, isSent), []);
    });
  }

  test("limits the rate of frames under a flood of changes and sends the last state", async () => {
    const before = renderer.messages.length;
    const startedAt = performance.now();
    for (let round = 0; round < 20_000; round++) {
      agent.engine.health("old3", round % 2 === 0 ? "unhealthy" : "starting");
      if (round % 8 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    agent.engine.health("old3", "healthy");
    await eventually("the last state arrives", () => renderer.named("old3")?.health === "healthy");
    const frames = renderer.messages.length - before;
    // A burst of 40 and 50 a second, however long the machine takes for the flood.
    const permitted = 41 + (50 * (performance.now() - startedAt)) / 1_000;
    assert.ok(frames <= permitted, `${frames} frames for 20,001 events, ${permitted.toFixed(0)} permitted`);
    assert.ok(frames < 2_000, `${frames} frames for 20,001 events`);
  });
});
