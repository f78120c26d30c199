import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { AgentRun } from "../agent/agent-run.ts";
import type { RpcClient } from "../agent/rpc-client.ts";
import type { AgentMessage } from "../../shared/rpc.ts";
import { docker, dockerSocket, isPodman } from "../docker.ts";
import { eventually } from "../eventually.ts";
import { BOX, makeBox } from "./box.ts";
import { Cable } from "./cable.ts";
import { requires } from "../requires.ts";

const PREFIX = "sallyport-engine";
const CANARY = "hunter2-canary";

/** What a container of these tests runs until it is told to stop: at once, for a shell that is PID 1 heeds traps only. */
const WAIT = ["sh", "-c", "trap exit TERM; while :; do sleep 0.1; done"];

/** The agent before the Engine at hand, whichever it is: test/lab/matrix.sh runs this file against several. */
describe("the agent before a real engine", { skip: requires("docker") }, () => {
  let cable: Cable;
  let agent: AgentRun;
  let renderer: RpcClient;
  before(async () => {
    await cleanUp();
    await makeBox();
    await docker("network", "create", `${PREFIX}-front`);
    await docker("network", "create", `${PREFIX}-back`);
    // No list but the first and those that heal: what is told in time is told because of an event.
    cable = new Cable(dockerSocket());
    await cable.mend();
    agent = new AgentRun(cable.socketPath, ["--relist", "3600"]);
    await agent.run();
    renderer = await agent.subscribe();
  });
  after(async () => {
    renderer.close();
    await agent.close();
    await cable.close();
    await cleanUp();
  });

  const nameOf = (name: string): string => `${PREFIX}-${name}`;
  const told = (name: string) => renderer.named(nameOf(name));
  const run = async (name: string, ...options: string[]): Promise<string> =>
    await docker("run", "--detach", "--name", nameOf(name), "--network", nameOf("front"), ...options, BOX, ...WAIT);

  test("a container that starts is told with address, port, and what the policy discloses", async () => {
    await run(
      "web",
      "--env",
      "VIRTUAL_HOST=web.example",
      "--env",
      `SECRET=${CANARY}`,
      "--expose",
      "5000",
      "--label",
      `private=${CANARY}`,
    );
    await eventually("it is told", () => told("web")?.state === "running");
    const web = told("web");
    assert.match(web?.networks.find(({ name }) => name === nameOf("front"))?.ipv4 ?? "", /^[0-9.]+$/);
    assert.deepEqual(
      web?.ports.map(({ port, proto }) => `${port}/${proto}`),
      ["5000/tcp"],
    );
    assert.deepEqual(web?.env, { VIRTUAL_HOST: "web.example" });
    assert.ok((web?.withheld.env ?? 0) >= 1 && (web?.withheld.labels ?? 0) >= 1);
  });

  test("a rename is told", async () => {
    await docker("rename", nameOf("web"), nameOf("shop"));
    await eventually("it is told", () => told("shop")?.state === "running" && told("web") === undefined);
  });

  test("a pause and its end are told", async () => {
    await docker("pause", nameOf("shop"));
    await eventually("it is paused", () => told("shop")?.state === "paused");
    await docker("unpause", nameOf("shop"));
    await eventually("it runs", () => told("shop")?.state === "running");
  });

  test("a network that is joined and left is told with its address", async () => {
    await docker("network", "connect", nameOf("back"), nameOf("shop"));
    const back = () => told("shop")?.networks.find(({ name }) => name === nameOf("back"));
    await eventually("it is on both", () => back()?.ipv4 !== undefined);
    await docker("network", "disconnect", nameOf("back"), nameOf("shop"));
    await eventually("it is on one", () => back() === undefined);
  });

  test("a stop is told: no address any more, and no host is lost before its end", async () => {
    await docker("stop", nameOf("shop"));
    await eventually("it is over", () => told("shop")?.state === "exited");
    assert.ok(told("shop")?.networks.every(({ ipv4 }) => ipv4 === undefined));
  });

  test("a new start is told with the new address", async () => {
    await docker("start", nameOf("shop"));
    await eventually("it runs", () => told("shop")?.state === "running");
    assert.match(told("shop")?.networks[0]?.ipv4 ?? "", /^[0-9.]+$/);
  });

  test("a crash and a removal are told", async () => {
    await docker("kill", nameOf("shop"));
    await eventually("it is over", () => told("shop")?.state === "exited");
    await docker("rm", nameOf("shop"));
    await eventually("it is gone", () => told("shop") === undefined);
  });

  // Podman's probes are timers of systemd, which a machine for tests need not have.
  if (!isPodman()) {
    test("health is told as it changes", async () => {
      await run(
        "ill",
        "--health-cmd",
        "test -e /tmp/fine",
        "--health-interval",
        "1s",
        "--health-retries",
        "1",
        "--env",
        "VIRTUAL_HOST=ill.example",
      );
      await eventually("it is unhealthy", () => told("ill")?.health === "unhealthy");
      const before = asked(agent);
      await docker("exec", nameOf("ill"), "touch", "/tmp/fine");
      await eventually("it is healthy", () => told("ill")?.health === "healthy");
      await docker("exec", nameOf("ill"), "rm", "/tmp/fine");
      await eventually("it is unhealthy again", () => told("ill")?.health === "unhealthy");
      assert.equal(asked(agent) - before, 0);
    });
  }

  test("one start costs one question; a pause, a signal, a new name and a stop cost none", async () => {
    await run("counted", "--env", "VIRTUAL_HOST=counted.example");
    await eventually("it is told", () => told("counted")?.state === "running");
    const before = asked(agent);
    await docker("pause", nameOf("counted"));
    await eventually("it is paused", () => told("counted")?.state === "paused");
    await docker("unpause", nameOf("counted"));
    await eventually("it runs", () => told("counted")?.state === "running");
    await docker("kill", "--signal", "CONT", nameOf("counted"));
    await docker("rename", nameOf("counted"), nameOf("weighed"));
    await eventually("the name is told", () => told("weighed") !== undefined);
    await docker("stop", nameOf("weighed"));
    await eventually("it is over", () => told("weighed")?.state === "exited");
    assert.equal(asked(agent) - before, 0);
    await docker("start", nameOf("weighed"));
    await eventually("it runs again", () => told("weighed")?.state === "running");
    assert.equal(asked(agent) - before, 1);
    await docker("kill", nameOf("weighed"));
    await eventually("it is dead", () => told("weighed")?.state === "exited");
    assert.equal(asked(agent) - before, 1);
  });

  test("what happens while Docker cannot be reached is told afterwards, and nothing is lost meanwhile", async () => {
    for (const name of ["stays", "leaves", "stops"]) await run(name, "--env", `VIRTUAL_HOST=${name}.example`);
    const isUp = (name: string): boolean => told(name)?.state === "running";
    await eventually("all are told", () => ["stays", "leaves", "stops"].every(isUp));
    await cable.cut();
    await eventually("the loss is told", () => renderer.messages.some(isUnreachable));
    await docker("rm", "--force", nameOf("leaves"));
    await docker("stop", nameOf("stops"));
    await run("comes", "--env", "VIRTUAL_HOST=comes.example");
    assert.ok(["stays", "leaves", "stops"].every(isUp));
    await cable.mend();
    await eventually("the new one is told", () => isUp("comes"));
    await eventually("the others, too", () => told("leaves") === undefined && told("stops")?.state === "exited");
    assert.ok(isUp("stays"));
    await docker("stop", nameOf("comes"));
    await eventually("events are heard again", () => told("comes")?.state === "exited");
  });

  test("what the policy does not disclose is nowhere", () => {
    assert.ok(renderer.bytes.includes("web.example"));
    for (const said of [renderer.bytes, agent.lines.join("\n"), JSON.stringify(agent.records())]) {
      assert.ok(!said.includes(CANARY));
    }
  });
});

function isUnreachable(message: AgentMessage): boolean {
  return "method" in message && message.method === "docker.state" && message.params["state"] === "unreachable";
}

/** Requests for a single container that the agent has made so far. */
function asked(agent: AgentRun): number {
  return agent.records().filter(({ event, route }) => event === "docker.request" && route === "inspect").length;
}

async function cleanUp(): Promise<void> {
  const containers = (await docker("ps", "--all", "--quiet", "--filter", `name=${PREFIX}-`))
    .split("\n")
    .filter(Boolean);
  if (containers.length > 0) await docker("rm", "--force", ...containers);
  for (const network of ["front", "back"]) await docker("network", "rm", `${PREFIX}-${network}`).catch(() => undefined);
}
