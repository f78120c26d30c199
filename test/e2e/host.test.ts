import assert from "node:assert/strict";
import { chmodSync, chownSync, mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { BackgroundProcess } from "../demo/background-process.ts";
import { freePort } from "../demo/free-port.ts";
import { type NginxConfigs, runNginx, workersOf, writeNginxConfigs } from "../demo/local-nginx.ts";
import { runProgram } from "../demo/product.ts";
import { writeRendererConfig } from "../demo/renderer-config.ts";
import { docker, removeLabelled } from "../docker.ts";
import { eventually } from "../eventually.ts";
import { request } from "./stack.ts";
import { Traffic } from "./traffic.ts";
import { removeDirectory } from "../remove-directory.ts";
import { requires } from "../requires.ts";

const AGENT_ID = 65_532;
const LABEL = "sallyport.test=spe2e-host";

// The agent starts as root to reach the Docker socket, then drops root.
const skip = requires("root", "nginx", "docker");

describe("agent, renderer and nginx on the host, reloaded by a command", { skip }, () => {
  const processes: BackgroundProcess[] = [];
  const hostSocket = process.env["DOCKER_SOCKET"] ?? "/var/run/docker.sock";
  let directory: string;
  let nginx: NginxConfigs;
  let at: { host: string; port: number };
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "sallyport-host-"));
    chmodSync(directory, 0o711);
    for (const name of ["agent", "audit"]) {
      mkdirSync(join(directory, name));
      chownSync(join(directory, name), AGENT_ID, AGENT_ID);
    }
    const agentSocket = join(directory, "agent", "rpc.sock");
    const port = await freePort();
    at = { host: "127.0.0.1", port };
    nginx = writeNginxConfigs(directory);
    const destination = join(directory, "conf.d", "default.conf");
    const config = writeRendererConfig({ directory, agentSocket, destination, port, nginx });
    const audit = join(directory, "audit");
    const agentArgs = ["serve", "--docker-socket", hostSocket, "--socket", agentSocket, "--audit-dir", audit];
    processes.push(await runProgram("agent", directory, agentArgs));
    processes.push(await runProgram("renderer", directory, ["run", "--config", config]));
    processes.push(runNginx(nginx));
    await docker("network", "create", "--label", LABEL, "spe2e-host").catch(() => "exists");
  });
  after(async () => {
    for (const process of processes.toReversed()) await process.stop();
    await removeLabelled(LABEL);
    await removeDirectory(directory);
  });

  async function runApp(name: string): Promise<void> {
    const script = `require("http").createServer((q,r)=>r.end("${name}")).listen(5000)`;
    const fixed = ["run", "-d", "--name", `spe2e-host-${name}`, "--label", LABEL, "--network", "spe2e-host"];
    const route = ["-e", `VIRTUAL_HOST=${name}.host.example`, "--expose", "5000"];
    await docker(...fixed, ...route, "--stop-timeout", "1", "node:26-trixie-slim", "node", "-e", script);
  }

  async function answers(name: string): Promise<void> {
    await eventually(`${name} answers`, async () => {
      for (const { failure } of processes) if (failure) throw failure;
      return (await request(at, `${name}.host.example`, "/")).body === name;
    });
  }

  test("routes follow containers without a failed request to other hosts", async () => {
    await runApp("steady");
    await answers("steady");
    // The reload command does not wait for old workers, which may still accept connections.
    await eventually("only the new worker is left", async () => (await workersOf(nginx)).size === 1);
    const traffic = new Traffic(at, ["steady.host.example"]);
    await runApp("visitor");
    await answers("visitor");
    await docker("rm", "-f", "spe2e-host-visitor");
    await eventually(
      "the route of the removed container is gone",
      async () => (await request(at, "visitor.host.example", "/")).status === 503,
    );
    assert.deepEqual(await traffic.end(), []);
    assert.ok(traffic.requests > 0);
  });
});
