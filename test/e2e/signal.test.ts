import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { docker } from "../docker.ts";
import { eventually } from "../eventually.ts";
import { Stack } from "./stack.ts";
import { Traffic } from "./traffic.ts";
import { requires } from "../requires.ts";

const HOST = "demo.viktoradam.net";

describe("the stack with reload by signal in a shared PID namespace", { skip: requires("docker") }, () => {
  let stack: Stack;
  before(async () => {
    stack = await Stack.up("spe2e-signal", { files: ["docs/examples/compose.signal.yml"] });
    await stack.routed(HOST, "demo-site", 60_000);
  });
  after(async () => await stack.down());

  test("routes follow containers without a failed request to other hosts", async () => {
    const traffic = new Traffic(await stack.address(), [HOST]);
    await stack.runApp("extra", ["-e", "VIRTUAL_HOST=extra.example", "--expose", "5000"]);
    await stack.routed("extra.example", "extra");
    await docker("stop", "spe2e-signal-extra");
    await stack.answered("extra.example", 503);
    assert.deepEqual(await traffic.end(), []);
  });

  test("the renderer finds nginx by its new process id after a crash", async () => {
    const before = await startedAt("nginx");
    process.kill(Number(await docker("inspect", "-f", "{{.State.Pid}}", stack.container("nginx"))), "SIGKILL");
    await eventually("nginx has restarted", async () => (await startedAt("nginx")) !== before);
    await stack.routed(HOST, "demo-site", 60_000);
    await stack.runApp("later", ["-e", "VIRTUAL_HOST=later.example", "--expose", "5000"]);
    await stack.routed("later.example", "later", 60_000);
  });

  test("the renderer keeps running while nginx is stopped and started", async () => {
    const before = await startedAt("renderer");
    await stack.compose("stop", "-t", "2", "nginx");
    await stack.compose("start", "nginx");
    await stack.runApp("last", ["-e", "VIRTUAL_HOST=last.example", "--expose", "5000"]);
    await stack.routed("last.example", "last", 60_000);
    assert.equal(await startedAt("renderer"), before);
  });

  test("`up` restores the stack after the owner of the PID namespace was stopped", async () => {
    await stack.compose("stop", "-t", "1", "pid-holder");
    await stack.compose("--profile", "demo", "up", "-d");
    await stack.routed(HOST, "demo-site", 60_000);
  });

  async function startedAt(service: string): Promise<string> {
    return await docker("inspect", "-f", "{{.State.StartedAt}}", stack.container(service));
  }
});
