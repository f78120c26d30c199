import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { docker } from "../docker.ts";
import { eventually } from "../eventually.ts";
import { Stack } from "./stack.ts";
import { Traffic } from "./traffic.ts";
import { requires } from "../requires.ts";

const run = promisify(execFile);
const HOSTS = ["demo.viktoradam.net", "github.api.viktoradam.net"] as const;

// Only an Engine that the lab started may be killed.
const skip = requires("docker", "lab");

describe("the loss of a part of the stack", { skip }, () => {
  let stack: Stack;
  let visitors = 0;
  before(async () => {
    stack = await Stack.up("spe2e-survival");
    await Promise.all([stack.routed(HOSTS[0], "demo-site", 60_000), stack.routed(HOSTS[1], "github-proxy", 60_000)]);
  });
  after(async () => {
    await stack.compose("--profile", "demo", "down", "--timeout", "2");
    // An Engine that was killed counts the mounts of a volume in memory wrongly, and removes it only after its next start.
    await restartEngine("SIGTERM");
    await stack.down();
  });

  async function restartEngine(signal: NodeJS.Signals): Promise<void> {
    process.kill(Number(readFileSync(`${process.env["SALLYPORT_LAB_STATE"]}/dockerd.pid`, "utf8")), signal);
    await eventually("the Engine has ended", async () => (await docker("info").catch(() => "gone")) === "gone");
    await run(process.env["SALLYPORT_LAB_DOCKERD"] ?? "", []);
    await docker("info");
  }

  /** Starts and removes a container and waits for both changes of the routes. */
  async function startAndRemove(): Promise<void> {
    const name = `visitor${++visitors}`;
    await stack.runApp(name, ["-e", `VIRTUAL_HOST=${name}.example`, "--expose", "5000"]);
    await stack.routed(`${name}.example`, name);
    await docker("rm", "-f", `${stack.project}-${name}`);
    await stack.answered(`${name}.example`, 503);
  }

  /** Asserts that no request to other hosts fails during `action`. */
  async function undisturbed(action: () => Promise<void>): Promise<void> {
    const traffic = new Traffic(await stack.address(), HOSTS);
    try {
      await action();
    } finally {
      assert.deepEqual(await traffic.end(), []);
      assert.ok(traffic.requests > 0);
    }
  }

  for (const service of ["agent", "renderer"] as const) {
    test(`changes are followed after the ${service} is killed, and no request fails`, async () => {
      await undisturbed(async () => {
        const before = await startedAt(service);
        await killProcess(service);
        await eventually(`${service} has restarted`, async () => (await startedAt(service)) !== before);
        await startAndRemove();
      });
    });

    test(`changes while the ${service} is stopped are followed after its restart`, async () => {
      await undisturbed(async () => {
        await stack.compose("stop", "-t", "1", service);
        const [present, gone] = [`present-${service}`, `gone-${service}`];
        await stack.runApp(present, ["-e", `VIRTUAL_HOST=${present}.example`, "--expose", "5000"]);
        await stack.runApp(gone, ["-e", `VIRTUAL_HOST=${gone}.example`, "--expose", "5000"]);
        await docker("rm", "-f", `${stack.project}-${gone}`);
        await stack.compose("start", service);
        await stack.routed(`${present}.example`, present);
        assert.equal((await stack.get(`${gone}.example`)).status, 503);
        await docker("rm", "-f", `${stack.project}-${present}`);
        await stack.answered(`${present}.example`, 503);
      });
    });
  }

  test("requests succeed while the Engine is killed and restarted, and changes are followed afterwards", async () => {
    await undisturbed(async () => {
      await startAndRemove();
      await restartEngine("SIGKILL");
    });
    await eventually("the agent runs", async () => (await state("agent")) === "running", 30_000);
    await undisturbed(async () => await startAndRemove());
  });

  test("nginx restarts with the last good configuration without renderer and agent", async () => {
    await stack.compose("stop", "-t", "1", "renderer", "agent");
    const before = await startedAt("nginx");
    await killProcess("nginx");
    await eventually("nginx has restarted", async () => (await startedAt("nginx")) !== before);
    await stack.routed(HOSTS[0], "demo-site");
    await stack.compose("start", "agent", "renderer");
    await undisturbed(async () => await startAndRemove());
  });

  test("the renderer finds nginx after nginx was killed", async () => {
    const before = await startedAt("nginx");
    await killProcess("nginx");
    await eventually("nginx has restarted", async () => (await startedAt("nginx")) !== before);
    await stack.routed(HOSTS[0], "demo-site");
    await startAndRemove();
  });

  async function startedAt(service: string): Promise<string> {
    return await docker("inspect", "-f", "{{.State.StartedAt}}", stack.container(service));
  }

  async function state(service: string): Promise<string> {
    return await docker("inspect", "-f", "{{.State.Status}}", stack.container(service));
  }

  /** Kills the container's main process from the host, so that the restart policy applies. */
  async function killProcess(service: string): Promise<void> {
    process.kill(Number(await docker("inspect", "-f", "{{.State.Pid}}", stack.container(service))), "SIGKILL");
  }
});
