import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { Traffic } from "../e2e/traffic.ts";
import { eventually } from "../eventually.ts";
import { AgentRun } from "../agent/agent-run.ts";
import { docker } from "../docker.ts";
import { requires } from "../requires.ts";
import { APP, SwarmRig } from "./swarm-rig.ts";

interface Composed {
  readonly services: {
    readonly nginx: { readonly networks: object };
    readonly agent: { readonly command: readonly string[]; readonly network_mode: string };
  };
}

const skip = requires("root", "nginx", "docker");

/** Sends requests meanwhile and until old tasks have ended, and returns the failures. */
async function underLoad(rig: SwarmRig, replicas: number, action: () => Promise<unknown>): Promise<readonly string[]> {
  const traffic = new Traffic(rig.at, ["web.example"]);
  try {
    await action();
    await rig.settled("web", replicas);
  } finally {
    await traffic.end();
  }
  assert.ok(traffic.requests > 100, `${traffic.requests} requests were sent`);
  return traffic.failures;
}

describe("a swarm of two nodes", { skip }, () => {
  let rig: SwarmRig;
  before(async () => {
    rig = await SwarmRig.start(["m1", "w1"]);
    await rig.createService("web", { replicas: 3 });
    await rig.replicas("web.example", 3);
  });
  after(async () => await rig.stop());

  for (const order of ["start-first", "stop-first"])
    test(`a rolling update (${order}) fails no request`, async () => {
      const before = await rig.replicas("web.example", 3);
      const failures = await underLoad(rig, 3, async () => {
        const steps = ["--update-parallelism", "2", "--update-monitor", "100ms"];
        await rig.update("web", "--force", "--update-order", order, ...steps);
        await rig.replicas("web.example", 3, before);
      });
      assert.deepEqual(failures, []);
    });

  test("a scale-down fails no request", async () => {
    const failures = await underLoad(rig, 1, async () => {
      await rig.docker(["service", "scale", "--detach", "web=1"]);
      await rig.replicas("web.example", 1);
    });
    assert.deepEqual(failures, []);
  });

  test("labels of a service change its routes without new tasks", async () => {
    const before = await rig.replicas("web.example", 1);
    await rig.update("web", "--label-add", "sallyport.host=live.example");
    assert.deepEqual(await rig.replicas("live.example", 1), before);
  });

  test("an agent with a worker's socket reports it, and discloses the worker's containers", async () => {
    const agent = new AgentRun(rig.nodes[1]!.socket, ["--swarm"]);
    try {
      chmodSync(rig.nodes[1]!.socket, 0o666);
      await rig.docker(["run", "--detach", "--name", "plain", "--network", "none", APP, "sleep", "600"], rig.nodes[1]);
      await agent.run();
      const renderer = await agent.subscribe();
      assert.equal(renderer.named("plain")?.state, "running");
      assert.match(agent.lines.join("\n"), /swarm.disconnected.*give the agent the socket of a manager/);
      renderer.close();
    } finally {
      await agent.close();
    }
  });

  test("compose.swarm.yml adds a network to nginx and an option to the agent", async () => {
    const files = ["compose.yml", "docs/examples/compose.swarm.yml"].flatMap((file) => ["-f", file]);
    const { services } = JSON.parse(await docker("compose", ...files, "config", "--format", "json")) as Composed;
    assert.deepEqual(Object.keys(services.nginx.networks), ["default", "edge"]);
    assert.deepEqual(services.agent.command, ["serve", "--exit-when-refused", "--swarm"]);
    assert.equal(services.agent.network_mode, "none");
  });

  const reasons: [title: string, options: string[], reason: RegExp][] = [
    ["has no port", ["--label-rm", "sallyport.port"], /has no port.*set the label `sallyport.port` of service web/],
    ["has no task", ["--replicas", "0"], /is a service without a running task; scale it up/],
  ];
  for (const [title, options, reason] of reasons)
    test(`explains that a service ${title}`, async () => {
      await rig.update("web", ...options);
      await eventually("the reason is reported", async () => reason.test(await rig.explain("web")));
    });
});
