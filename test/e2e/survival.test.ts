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

/** How long routes may be wrong after a part has returned. */
const RIGHT_WITHIN_MS = 5_000;

// Only an Engine that the lab started may be killed.
const skip = requires("docker", "lab");

describe("each part may die while requests and containers come and go", { skip }, () => {
  let stack: Stack;
  let came = 0;
  before(async () => {
    stack = await Stack.up("spe2e-survival");
    await Promise.all([stack.routed(HOSTS[0], "demo-site", 60_000), stack.routed(HOSTS[1], "github-proxy", 60_000)]);
  });
  after(async () => await stack.down());

  /** A container comes and one goes; both are followed. */
  async function comeAndGo(within?: number): Promise<void> {
    const name = `visitor${++came}`;
    await stack.runApp(name, ["-e", `VIRTUAL_HOST=${name}.example`, "--expose", "5000"]);
    await stack.routed(`${name}.example`, name, within);
    await docker("rm", "-f", `${stack.project}-${name}`);
    await stack.answered(`${name}.example`, 503, within);
  }

  /** No request to a host that is not concerned may fail while `action` happens. */
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
    test(`the ${service} is killed and comes back`, async () => {
      await undisturbed(async () => {
        const before = await startedAt(service);
        await killProcess(service);
        await eventually(`${service} runs again`, async () => (await startedAt(service)) !== before);
        await comeAndGo(RIGHT_WITHIN_MS);
      });
    });

    test(`containers that come and go while the ${service} is away are followed on its return`, async () => {
      await undisturbed(async () => {
        await stack.compose("stop", "-t", "1", service);
        const [there, gone] = [`there-${service}`, `gone-${service}`];
        await stack.runApp(there, ["-e", `VIRTUAL_HOST=${there}.example`, "--expose", "5000"]);
        await stack.runApp(gone, ["-e", `VIRTUAL_HOST=${gone}.example`, "--expose", "5000"]);
        await docker("rm", "-f", `${stack.project}-${gone}`);
        await stack.compose("start", service);
        await stack.routed(`${there}.example`, there, RIGHT_WITHIN_MS);
        assert.equal((await stack.get(`${gone}.example`)).status, 503);
        await docker("rm", "-f", `${stack.project}-${there}`);
        await stack.answered(`${there}.example`, 503);
      });
    });
  }

  test("the Engine is killed and started again: requests go on, and the routes follow", async () => {
    await undisturbed(async () => {
      await comeAndGo();
      process.kill(Number(readFileSync(`${process.env["SALLYPORT_LAB_STATE"]}/dockerd.pid`, "utf8")), "SIGKILL");
      await eventually("the Engine is gone", async () => (await docker("info").catch(() => "gone")) === "gone");
      await run(process.env["SALLYPORT_LAB_DOCKERD"] ?? "", []);
      await docker("info");
    });
    await eventually("the agent is back", async () => (await state("agent")) === "running", 30_000);
    await undisturbed(async () => await comeAndGo());
  });

  test("nginx is killed and starts with the last good configuration, without the renderer and the agent", async () => {
    await stack.compose("stop", "-t", "1", "renderer", "agent");
    const before = await startedAt("nginx");
    await killProcess("nginx");
    await eventually("nginx runs again", async () => (await startedAt("nginx")) !== before);
    await stack.routed(HOSTS[0], "demo-site", RIGHT_WITHIN_MS);
    await stack.compose("start", "agent", "renderer");
    await undisturbed(async () => await comeAndGo());
  });

  test("nginx is killed and the renderer finds it again", async () => {
    const before = await startedAt("nginx");
    await killProcess("nginx");
    await eventually("nginx runs again", async () => (await startedAt("nginx")) !== before);
    await stack.routed(HOSTS[0], "demo-site", RIGHT_WITHIN_MS);
    await comeAndGo();
  });

  async function startedAt(service: string): Promise<string> {
    return await docker("inspect", "-f", "{{.State.StartedAt}}", stack.container(service));
  }

  async function state(service: string): Promise<string> {
    return await docker("inspect", "-f", "{{.State.Status}}", stack.container(service));
  }

  /** Kills the container's first process from outside, so that the restart policy applies. */
  async function killProcess(service: string): Promise<void> {
    process.kill(Number(await docker("inspect", "-f", "{{.State.Pid}}", stack.container(service))), "SIGKILL");
  }
});
