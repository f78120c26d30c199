import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { docker } from "../docker.ts";
import { eventually } from "../eventually.ts";
import { Stack } from "./stack.ts";
import { Traffic } from "./traffic.ts";
import { requires } from "../requires.ts";

const HOST = "demo.viktoradam.net";

describe("the stack with a real signal in a shared PID namespace", { skip: requires("docker") }, () => {
  let stack: Stack;
  before(async () => {
    stack = await Stack.up("spe2e-signal", { files: ["docs/examples/compose.signal.yml"] });
    await stack.routed(HOST, "demo-site", 60_000);
  });
  after(async () => await stack.down());

  test("routes follow containers, and no other host loses a request", async () => {
    const traffic = new Traffic(await stack.address(), [HOST]);
    await stack.runApp("extra", ["-e", "VIRTUAL_HOST=extra.example", "--expose", "5000"]);
    await stack.routed("extra.example", "extra");
    await docker("stop", "spe2e-signal-extra");
    await stack.answered("extra.example", 503);
    assert.deepEqual(await traffic.end(), []);
  });

  test("nginx crashes and comes back, the renderer finds it by its new number", async () => {
    const before = await startedAt("nginx");
    process.kill(Number(await docker("inspect", "-f", "{{.State.Pid}}", stack.container("nginx"))), "SIGKILL");
    await eventually("nginx runs again", async () => (await startedAt("nginx")) !== before);
    await stack.routed(HOST, "demo-site", 60_000);
    await stack.runApp("later", ["-e", "VIRTUAL_HOST=later.example", "--expose", "5000"]);
    await stack.routed("later.example", "later", 60_000);
  });

  test("nginx is stopped and started alone, the renderer lives on", async () => {
    const before = await startedAt("renderer");
    await stack.compose("stop", "-t", "2", "nginx");
    await stack.compose("start", "nginx");
    await stack.runApp("last", ["-e", "VIRTUAL_HOST=last.example", "--expose", "5000"]);
    await stack.routed("last.example", "last", 60_000);
    assert.equal(await startedAt("renderer"), before);
  });

  test("the holder of the namespace is stopped, which ends both, and `up` brings all back", async () => {
    await stack.compose("stop", "-t", "1", "pid-holder");
    await stack.compose("--profile", "demo", "up", "-d");
    await stack.routed(HOST, "demo-site", 60_000);
  });

  async function startedAt(service: string): Promise<string> {
    return await docker("inspect", "-f", "{{.State.StartedAt}}", stack.container(service));
  }
});
