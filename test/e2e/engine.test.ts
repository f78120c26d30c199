import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { AgentRun } from "../agent/agent-run.ts";
import type { RpcClient } from "../agent/rpc-client.ts";
import type { AgentMessage } from "../../shared/rpc.ts";
import { docker, dockerSocket, isPodman } from "../docker.ts";
import { eventually } from "../eventually.ts";
import { BOX, makeBox } from "./box.ts";
import { SocketProxy } from "./socket-proxy.ts";
import { requires } from "../requires.ts";

const PREFIX = "sallyport-engine";
const BAKED = `${PREFIX}-baked:1`;
const PROJECT = "com.docker.compose.project";
const CANARY = "hunter2-canary";

/** The command of the containers. It ends at once on SIGTERM: a shell that is PID 1 ignores signals without a trap. */
const WAIT = ["sh", "-c", "trap exit TERM; while :; do sleep 0.1; done"];

/** Runs the agent with the engine of this machine. test/lab/matrix.sh runs this file with several engines. */
describe("the agent with a real engine", { skip: requires("docker") }, () => {
  let proxy: SocketProxy;
  let agent: AgentRun;
  let renderer: RpcClient;
  before(async () => {
    await cleanUp();
    await makeBox();
    await docker("network", "create", `${PREFIX}-front`);
    await docker("network", "create", `${PREFIX}-back`);
    // With one list at the start and after reconnecting, changes can only be known from events.
    proxy = new SocketProxy(dockerSocket());
    await proxy.connect();
    agent = new AgentRun(proxy.socketPath, ["--relist", "3600"]);
    await agent.run();
    renderer = await agent.subscribe();
  });
  // The agent closes a connection that is idle for a minute.
  beforeEach(async () => void (await renderer.call("health", {})));
  after(async () => {
    renderer.close();
    await agent.close();
    await proxy.close();
    await cleanUp();
  });

  const nameOf = (name: string): string => `${PREFIX}-${name}`;
  const reported = (name: string) => renderer.named(nameOf(name));
  const run = async (name: string, ...options: string[]): Promise<string> =>
    await docker("run", "--detach", "--name", nameOf(name), "--network", nameOf("front"), ...options, BOX, ...WAIT);

  test("reports a started container with address, port and what the policy discloses", async () => {
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
    await eventually("the container is reported", () => reported("web")?.state === "running");
    const web = reported("web");
    assert.match(web?.networks.find(({ name }) => name === nameOf("front"))?.ipv4 ?? "", /^[0-9.]+$/);
    assert.deepEqual(
      web?.ports.map(({ port, proto }) => `${port}/${proto}`),
      ["5000/tcp"],
    );
    assert.deepEqual(web?.env, { VIRTUAL_HOST: "web.example" });
    assert.ok((web?.withheld.env ?? 0) >= 1 && (web?.withheld.labels ?? 0) >= 1);
  });

  test("reports a new name", async () => {
    await docker("rename", nameOf("web"), nameOf("shop"));
    await eventually(
      "the container is reported",
      () => reported("shop")?.state === "running" && reported("web") === undefined,
    );
  });

  test("reports that a container is paused and resumed", async () => {
    await docker("pause", nameOf("shop"));
    await eventually("it is paused", () => reported("shop")?.state === "paused");
    await docker("unpause", nameOf("shop"));
    await eventually("it runs", () => reported("shop")?.state === "running");
  });

  test("reports a network that a container joins and leaves, with the address", async () => {
    await docker("network", "connect", nameOf("back"), nameOf("shop"));
    const back = () => reported("shop")?.networks.find(({ name }) => name === nameOf("back"));
    await eventually("it is on both", () => back()?.ipv4 !== undefined);
    await docker("network", "disconnect", nameOf("back"), nameOf("shop"));
    await eventually("it is on one", () => back() === undefined);
  });

  test("reports each network that a container joins also without environments, from Docker's list alone", async () => {
    const policy = join(agent.directory, "labels-only.json");
    writeFileSync(policy, '{"mode":"labels only"}');
    const listing = new AgentRun(dockerSocket(), ["--relist", "3600", "--policy", policy]);
    try {
      await listing.run();
      const other = await listing.subscribe();
      const isInBack = (): boolean =>
        other
          .named(nameOf("shop"))
          ?.networks.some(({ name, ipv4 }) => name === nameOf("back") && ipv4 !== undefined) === true;
      // Docker's list often lacks the network when the event arrives.
      for (let round = 0; round < 5; round++) {
        await docker("network", "connect", nameOf("back"), nameOf("shop"));
        await eventually("the network is reported", isInBack);
        await docker("network", "disconnect", nameOf("back"), nameOf("shop"));
        await eventually("it is gone", () => !isInBack());
      }
      other.close();
    } finally {
      await listing.close();
    }
  });

  test("reports a stopped container without an address", async () => {
    await docker("stop", nameOf("shop"));
    await eventually("it has exited", () => reported("shop")?.state === "exited");
    assert.ok(reported("shop")?.networks.every(({ ipv4 }) => ipv4 === undefined));
  });

  test("reports a restarted container with its new address", async () => {
    await docker("start", nameOf("shop"));
    await eventually("it runs", () => reported("shop")?.state === "running");
    assert.match(reported("shop")?.networks[0]?.ipv4 ?? "", /^[0-9.]+$/);
  });

  test("reports a killed and a removed container", async () => {
    await docker("kill", nameOf("shop"));
    await eventually("it has exited", () => reported("shop")?.state === "exited");
    await docker("rm", nameOf("shop"));
    await eventually("it is gone", () => reported("shop") === undefined);
  });

  test("marks what the image sets, and not what the container sets to another value", async () => {
    await makeBox(BAKED, ["ENV VIRTUAL_HOST=baked.example", `ENV SECRET=${CANARY}`, `LABEL ${PROJECT}=shop`]);
    await docker("run", "--detach", "--name", nameOf("baked"), BAKED, ...WAIT);
    const own = ["--env", "VIRTUAL_HOST=own.example", "--label", `${PROJECT}=own`];
    await docker("run", "--detach", "--name", nameOf("own"), ...own, BAKED, ...WAIT);
    await eventually("both are reported", () => ["baked", "own"].every((name) => reported(name)?.state === "running"));
    assert.deepEqual(reported("baked")?.fromImage, { read: true, env: ["VIRTUAL_HOST"], labels: [PROJECT] });
    assert.deepEqual(reported("own")?.fromImage, { read: true, env: [], labels: [] });
  });

  // Podman runs health checks with systemd, which a test machine may lack, and removes an image with its containers,
  // and does not start a container with so many labels.
  if (!isPodman()) {
    test("reports a container with 34 MiB of labels as unread, and follows all others", async () => {
      const file = join(mkdtempSync(join(tmpdir(), "sallyport-labels-")), "labels");
      writeFileSync(file, Array.from({ length: 560 }, (_, index) => `l${index}=${"x".repeat(63_000)}\n`).join(""));
      try {
        await run("neighbor", "--env", "VIRTUAL_HOST=neighbor.example");
        await run("huge", "--label-file", file);
        await eventually("it is reported", () => reported("huge")?.unread === true);
        await proxy.disconnect();
        await proxy.connect();
        await docker("stop", nameOf("neighbor"));
        await eventually("the agent is connected again", () => reported("neighbor")?.state === "exited");
        assert.ok(agent.lines.some((line) => line.includes("container.skipped") && line.includes("docker.size")));
      } finally {
        await docker("rm", "--force", nameOf("huge"));
        rmSync(dirname(file), { recursive: true });
      }
    });

    test("reports a container whose image was removed, with its values unmarked", async () => {
      const image = `${PREFIX}-removed:1`;
      await makeBox(image, ["ENV VIRTUAL_HOST=removed.example"]);
      await docker("create", "--name", nameOf("removed"), image, ...WAIT);
      await docker("rmi", "--force", image);
      await docker("start", nameOf("removed"));
      await eventually("the container is reported", () => reported("removed")?.state === "running");
      assert.equal(reported("removed")?.env["VIRTUAL_HOST"], "removed.example");
      assert.deepEqual(reported("removed")?.fromImage, { read: false, env: [], labels: [] });
    });

    test("reports each change of health without an inspect request", async () => {
      await run(
        "health",
        "--health-cmd",
        "test -e /tmp/fine",
        "--health-interval",
        "1s",
        "--health-retries",
        "1",
        "--env",
        "VIRTUAL_HOST=health.example",
      );
      await eventually("it is unhealthy", () => reported("health")?.health === "unhealthy");
      const before = inspectRequests(agent);
      await docker("exec", nameOf("health"), "touch", "/tmp/fine");
      await eventually("it is healthy", () => reported("health")?.health === "healthy");
      await docker("exec", nameOf("health"), "rm", "/tmp/fine");
      await eventually("it is unhealthy again", () => reported("health")?.health === "unhealthy");
      assert.equal(inspectRequests(agent) - before, 0);
    });
  }

  test("sends one inspect request for a start and none for a pause, a signal, a new name and a stop", async () => {
    await run("counted", "--env", "VIRTUAL_HOST=counted.example");
    await eventually("the container is reported", () => reported("counted")?.state === "running");
    const before = inspectRequests(agent);
    await docker("pause", nameOf("counted"));
    await eventually("it is paused", () => reported("counted")?.state === "paused");
    await docker("unpause", nameOf("counted"));
    await eventually("it runs", () => reported("counted")?.state === "running");
    await docker("kill", "--signal", "CONT", nameOf("counted"));
    await docker("rename", nameOf("counted"), nameOf("renamed"));
    await eventually("the name is reported", () => reported("renamed") !== undefined);
    await docker("stop", nameOf("renamed"));
    await eventually("it has exited", () => reported("renamed")?.state === "exited");
    assert.equal(inspectRequests(agent) - before, 0);
    await docker("start", nameOf("renamed"));
    await eventually("it runs again", () => reported("renamed")?.state === "running");
    assert.equal(inspectRequests(agent) - before, 1);
    await docker("kill", nameOf("renamed"));
    await eventually("it has exited", () => reported("renamed")?.state === "exited");
    assert.equal(inspectRequests(agent) - before, 1);
  });

  test("keeps its containers while Docker cannot be reached and reports the changes afterwards", async () => {
    for (const name of ["stays", "leaves", "stops"]) await run(name, "--env", `VIRTUAL_HOST=${name}.example`);
    const isUp = (name: string): boolean => reported(name)?.state === "running";
    await eventually("all are reported", () => ["stays", "leaves", "stops"].every(isUp));
    await proxy.disconnect();
    await eventually("the lost connection is reported", () => renderer.messages.some(isUnreachable));
    await docker("rm", "--force", nameOf("leaves"));
    await docker("stop", nameOf("stops"));
    await run("comes", "--env", "VIRTUAL_HOST=comes.example");
    assert.ok(["stays", "leaves", "stops"].every(isUp));
    await proxy.connect();
    await eventually("the new container is reported", () => isUp("comes"));
    await eventually(
      "the other changes are reported",
      () => reported("leaves") === undefined && reported("stops")?.state === "exited",
    );
    assert.ok(isUp("stays"));
    await docker("stop", nameOf("comes"));
    await eventually("events are received again", () => reported("comes")?.state === "exited");
  });

  test("discloses nothing that the policy withholds", () => {
    assert.ok(renderer.bytes.includes("web.example"));
    for (const output of [renderer.bytes, agent.lines.join("\n"), JSON.stringify(agent.records())]) {
      assert.ok(!output.includes(CANARY));
    }
  });
});

function isUnreachable(message: AgentMessage): boolean {
  return "method" in message && message.method === "docker.state" && message.params["state"] === "unreachable";
}

/** Number of requests for a single container that the agent has sent. */
function inspectRequests(agent: AgentRun): number {
  return agent.records().filter(({ event, route }) => event === "docker.request" && route === "inspect").length;
}

async function cleanUp(): Promise<void> {
  const containers = (await docker("ps", "--all", "--quiet", "--filter", `name=${PREFIX}-`))
    .split("\n")
    .filter(Boolean);
  if (containers.length > 0) await docker("rm", "--force", ...containers);
  for (const image of [BAKED, `${PREFIX}-removed:1`]) await docker("rmi", image).catch(() => undefined);
  for (const network of ["front", "back"]) await docker("network", "rm", `${PREFIX}-${network}`).catch(() => undefined);
}
