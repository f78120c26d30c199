import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { docker, isPodman } from "../docker.ts";
import { eventually } from "../eventually.ts";
import { containerOf, Stack } from "./stack.ts";
import { Traffic } from "./traffic.ts";
import { requires } from "../requires.ts";

const DEMO = ["demo.viktoradam.net", "github.api.viktoradam.net", "docker.api.viktoradam.net"] as const;

describe("the shipped compose.yml follows Docker", { skip: requires("docker") }, () => {
  let stack: Stack;
  before(async () => {
    stack = await Stack.up("spe2e-routing");
    await Promise.all([
      stack.routed(DEMO[0], "demo-site", 60_000),
      stack.routed(DEMO[1], "github-proxy", 60_000),
      stack.routed(DEMO[2], "dockerhub-proxy", 60_000),
    ]);
    // Until then workers of nginx with the image's own configuration may answer, too.
    await eventually("the configuration is confirmed", async () =>
      (await stack.logs("renderer")).includes("publish.succeeded"),
    );
  });
  after(async () => await stack.down());

  /** Runs `action` while a client asks for the demo's hosts, none of whose requests may fail. */
  async function undisturbed(hosts: readonly string[], action: () => Promise<void>): Promise<void> {
    const traffic = new Traffic(await stack.address(), hosts);
    try {
      await action();
    } finally {
      const failures = await traffic.end();
      assert.deepEqual(failures, []);
      assert.ok(traffic.requests > 0);
    }
  }

  test("an unknown host is answered with 503 by nginx", async () => {
    assert.equal((await stack.get("nobody.example")).status, 503);
  });

  test("the app sees the name, the client and the scheme it was asked with", async () => {
    const { body } = await stack.get(DEMO[0], "/a/path?with=query");
    assert.match(body, /^request: GET \/a\/path\?with=query$/m);
    assert.match(body, /^host: demo\.viktoradam\.net$/im);
    assert.match((await stack.get(`${DEMO[0]}:8088`)).body, /^host: demo\.viktoradam\.net:8088$/im);
    assert.match(body, /^x-forwarded-proto: http$/im);
    assert.match(body, /^x-forwarded-for: [0-9.]+$/im);
  });

  test("a started container is routed and a stopped one is not, without a failed request elsewhere", async () => {
    await undisturbed(DEMO, async () => {
      await stack.runApp("extra", ["-e", "VIRTUAL_HOST=extra.example", "--expose", "5000"]);
      await stack.routed("extra.example", "extra");
      await docker("stop", "spe2e-routing-extra");
      await stack.answered("extra.example", 503);
      await docker("start", "spe2e-routing-extra");
      await stack.routed("extra.example", "extra");
      await docker("kill", "spe2e-routing-extra");
      await stack.answered("extra.example", 503);
      await docker("rm", "-f", "spe2e-routing-extra");
    });
  });

  test("scaling up balances over the replicas, scaling down loses no request", async () => {
    await undisturbed(DEMO, async () => {
      await stack.compose("--profile", "demo", "up", "-d", "--no-recreate", "--scale", "demo-site=3");
      await stack.replicas(DEMO[0], 3);
      await stack.compose("--profile", "demo", "up", "-d", "--no-recreate", "--scale", "demo-site=1");
      await stack.replicas(DEMO[0], 1);
    });
  });

  test("only the stop signal is a farewell: after a HUP the container is still routed", async () => {
    await stack.runApp("hup", ["-e", "VIRTUAL_HOST=hup.example", "--expose", "5000"]);
    await stack.routed("hup.example", "hup");
    const killed = await docker("exec", "spe2e-routing-hup", "true").catch(() => "no shell");
    assert.notEqual(killed, undefined);
    await docker("kill", "-s", "WINCH", "spe2e-routing-hup");
    await docker("rename", "spe2e-routing-hup", "spe2e-routing-renamed");
    await stack.runApp("after-hup", ["-e", "VIRTUAL_HOST=after-hup.example", "--expose", "5000"]);
    await stack.routed("after-hup.example", "after-hup");
    await stack.routed("hup.example", "hup");
    await docker("rm", "-f", "spe2e-routing-renamed", "spe2e-routing-after-hup");
  });

  test("a paused container is not asked, its host answers 503 until it goes on", async () => {
    await stack.runApp("paused", ["-e", "VIRTUAL_HOST=paused.example", "--expose", "5000"]);
    await stack.routed("paused.example", "paused");
    await docker("pause", "spe2e-routing-paused");
    await stack.answered("paused.example", 503);
    await docker("unpause", "spe2e-routing-paused");
    await stack.routed("paused.example", "paused");
    await docker("rm", "-f", "spe2e-routing-paused");
  });

  test("a container follows its networks", async () => {
    const other = "spe2e-routing-other";
    await docker("network", "create", other).catch(() => "exists");
    await stack.runApp("moved", ["-e", "VIRTUAL_HOST=moved.example", "--expose", "5000"], other);
    await unrouted("moved", /network/);
    await docker("network", "connect", "spe2e-routing_default", "spe2e-routing-moved");
    await stack.routed("moved.example", "moved");
    await docker("network", "disconnect", "spe2e-routing_default", "spe2e-routing-moved");
    await eventually("moved.example is not routed", async () => (await stack.get("moved.example")).status === 503);
    await docker("rm", "-f", "spe2e-routing-moved");
    await docker("network", "rm", other);
  });

  // Podman's probes are timers of systemd, which a machine for tests need not have.
  if (!isPodman()) {
    test("an unhealthy replica is left out and comes back", async () => {
      const health = [
        "--health-interval=1s",
        "--health-retries=1",
        "--health-timeout=5s",
        "--health-cmd",
        `node -e "require('http').get('http://127.0.0.1:5000/health',r=>process.exit(r.statusCode===200?0:1))"`,
      ];
      const options = ["-e", "VIRTUAL_HOST=health.example", "--expose", "5000", ...health];
      const ids = await Promise.all([stack.runApp("health1", options), stack.runApp("health2", options)]);
      await stack.replicas("health.example", 2);
      const [ill = "", well = ""] = ids.map((id) => id.slice(0, 12));
      const fetchHealth = (state: string) =>
        docker("exec", ill, "node", "-e", `fetch('http://127.0.0.1:5000/health/${state}',{method:'POST'})`);
      await fetchHealth("unhealthy");
      await eventually("only the healthy one answers", async () => {
        const asked = await Promise.all(Array.from({ length: 16 }, async () => await stack.get("health.example")));
        return asked.every((answer) => answer.status === 200 && containerOf(answer) === well);
      });
      await fetchHealth("healthy");
      await stack.replicas("health.example", 2);
      await docker("rm", "-f", ...ids);
    });
  }

  test("what is not routed is named in the renderer's log with the reason", async () => {
    await stack.runApp("nohost", ["--expose", "5000"]);
    await stack.runApp("noport", ["-e", "VIRTUAL_HOST=noport.example"]);
    await stack.runApp("hostile", ["-e", "VIRTUAL_HOST=evil.example;}server{", "--expose", "5000"]);
    await unrouted("nohost", /VIRTUAL_HOST/);
    await unrouted("noport", /expose/);
    await unrouted("hostile", /VIRTUAL_HOST/);
    assert.equal((await stack.get(DEMO[0])).status, 200);
    await docker("rm", "-f", ...["nohost", "noport", "hostile"].map((name) => `spe2e-routing-${name}`));
  });

  /** Waits until the renderer's log says of a container that it is not routed, and why. */
  async function unrouted(name: string, reason: RegExp): Promise<void> {
    await eventually(`the log says why ${name} is not routed`, async () => {
      const lines = (await stack.logs("renderer"))
        .split("\n")
        .filter((line) => line.includes(`spe2e-routing-${name}"`));
      return lines.some((line) => /container\.(unrouted|quarantined)/.test(line) && reason.test(line));
    });
  }
});
