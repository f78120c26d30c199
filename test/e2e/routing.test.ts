import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import * as http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { freePort } from "../demo/free-port.ts";
import { docker, isPodman } from "../docker.ts";
import { eventually } from "../eventually.ts";
import { removeDirectory } from "../remove-directory.ts";
import { makeCertificate } from "../renderer/nginx/certificate-files.ts";
import { overTls } from "./over-tls.ts";
import { containerOf, Stack } from "./stack.ts";
import { Traffic } from "./traffic.ts";
import { requires } from "../requires.ts";

const DEMO = ["demo.viktoradam.net", "github.api.viktoradam.net", "docker.api.viktoradam.net"] as const;

describe("routing by the shipped compose.yml and compose.https.yml", { skip: requires("docker") }, () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-routing-"));
  const [certificates, challenges] = [join(directory, "certificates"), join(directory, "challenges")];
  let stack: Stack;
  let httpsPort: string;
  before(async () => {
    chmodSync(directory, 0o755);
    for (const path of [certificates, challenges]) mkdirSync(path);
    httpsPort = String(await freePort());
    const volumes = { SALLYPORT_CERTIFICATES: certificates, SALLYPORT_CHALLENGES: challenges };
    const env = { ...volumes, SALLYPORT_HTTPS_PORT: httpsPort };
    stack = await Stack.up("spe2e-routing", { files: ["docs/examples/compose.https.yml"], env });
    await Promise.all([
      stack.routed(DEMO[0], "demo-site", 60_000),
      stack.routed(DEMO[1], "github-proxy", 60_000),
      stack.routed(DEMO[2], "dockerhub-proxy", 60_000),
    ]);
    // Until then, workers of nginx with the image's own configuration may also answer.
    await eventually("the configuration is confirmed", async () =>
      (await stack.logs("renderer")).includes("publish.succeeded"),
    );
  });
  after(async () => {
    await stack.down();
    await removeDirectory(directory);
  });

  /** Asserts that no request to these hosts fails during `action`. */
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

  test("the stack logs nothing above info when it starts, stops, starts again and restarts", async () => {
    const timeout = ["--timeout", "5"];
    for (const steps of [[["stop", ...timeout], ["start"]], [["restart", ...timeout]]]) {
      for (const step of steps) await stack.compose(...step);
      await stack.routed(DEMO[0], "demo-site");
    }
    await stack.compose("exec", "-T", "nginx", "nginx", "-s", "reload");
    await stack.routed(DEMO[0], "demo-site");
    for (const service of ["agent", "renderer", "nginx"]) {
      const above = /.*(?:"level":"(?!info")|\[(?:notice|warn|error|crit|alert|emerg)\]).*/;
      assert.doesNotMatch(await stack.logs(service), above, service);
    }
  });

  test("nginx returns 503 for an unknown host", async () => {
    assert.equal((await stack.get("unknown.example")).status, 503);
  });

  test("the app receives the host, the client address and the scheme of the request", async () => {
    const { body } = await stack.get(DEMO[0], "/a/path?with=query");
    assert.match(body, /^request: GET \/a\/path\?with=query$/m);
    assert.match(body, /^host: demo\.viktoradam\.net$/im);
    assert.match((await stack.get(`${DEMO[0]}:8088`)).body, /^host: demo\.viktoradam\.net:8088$/im);
    assert.match(body, /^x-forwarded-proto: http$/im);
    assert.match(body, /^x-forwarded-for: [0-9.]+$/im);
  });

  test("routes a container while it runs, without a failed request to other hosts", async () => {
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

  test("balances over new replicas and loses no request when they are removed", async () => {
    await undisturbed(DEMO, async () => {
      await stack.compose("--profile", "demo", "up", "-d", "--no-recreate", "--scale", "demo-site=3");
      await stack.replicas(DEMO[0], 3);
      await stack.compose("--profile", "demo", "up", "-d", "--no-recreate", "--scale", "demo-site=1");
      await stack.replicas(DEMO[0], 1);
    });
  });

  test("keeps routing a container that receives another signal than the stop signal, or a new name", async () => {
    await stack.runApp("signalled", ["-e", "VIRTUAL_HOST=signalled.example", "--expose", "5000"]);
    await stack.routed("signalled.example", "signalled");
    await undisturbed(["signalled.example"], async () => {
      await docker("kill", "-s", "WINCH", "spe2e-routing-signalled");
      await docker("rename", "spe2e-routing-signalled", "spe2e-routing-renamed");
      // Docker sends events in order: once this container has a route, the signal was processed.
      await stack.runApp("next", ["-e", "VIRTUAL_HOST=next.example", "--expose", "5000"]);
      await stack.routed("next.example", "next");
    });
    await docker("rm", "-f", "spe2e-routing-renamed", "spe2e-routing-next");
  });

  test("returns 503 for a paused container until it is resumed", async () => {
    await stack.runApp("paused", ["-e", "VIRTUAL_HOST=paused.example", "--expose", "5000"]);
    await stack.routed("paused.example", "paused");
    await docker("pause", "spe2e-routing-paused");
    await stack.answered("paused.example", 503);
    await docker("unpause", "spe2e-routing-paused");
    await stack.routed("paused.example", "paused");
    await docker("rm", "-f", "spe2e-routing-paused");
  });

  test("routes a container while it shares a network with nginx", async () => {
    const other = "spe2e-routing-other";
    await docker("network", "create", other).catch(() => "exists");
    await stack.runApp("moved", ["-e", "VIRTUAL_HOST=moved.example", "--expose", "5000"], other);
    await unrouted("moved", /network/);
    await docker("network", "connect", "spe2e-routing_default", "spe2e-routing-moved");
    await stack.routed("moved.example", "moved");
    await docker("network", "disconnect", "spe2e-routing_default", "spe2e-routing-moved");
    await eventually("moved.example has no route", async () => (await stack.get("moved.example")).status === 503);
    await docker("rm", "-f", "spe2e-routing-moved");
    await docker("network", "rm", other);
  });

  // Podman runs health checks with systemd, which a test machine may lack.
  if (!isPodman()) {
    test("sends no request to an unhealthy replica until it is healthy again", async () => {
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
      const [unhealthy = "", healthy = ""] = ids.map((id) => id.slice(0, 12));
      const setHealth = (state: string) =>
        docker("exec", unhealthy, "node", "-e", `fetch('http://127.0.0.1:5000/health/${state}',{method:'POST'})`);
      await setHealth("unhealthy");
      await eventually("only the healthy replica answers", async () => {
        const answers = await Promise.all(Array.from({ length: 16 }, async () => await stack.get("health.example")));
        return answers.every((answer) => answer.status === 200 && containerOf(answer) === healthy);
      });
      await setHealth("healthy");
      await stack.replicas("health.example", 2);
      await docker("rm", "-f", ...ids);
    });
  }

  test("logs each container without a route and the reason", async () => {
    await stack.runApp("nohost", ["--expose", "5000"]);
    await stack.runApp("noport", ["-e", "VIRTUAL_HOST=noport.example"]);
    await stack.runApp("hostile", ["-e", "VIRTUAL_HOST=evil.example;}server{", "--expose", "5000"]);
    await unrouted("nohost", /VIRTUAL_HOST/);
    await unrouted("noport", /expose/);
    await unrouted("hostile", /VIRTUAL_HOST/);
    assert.equal((await stack.get(DEMO[0])).status, 200);
    await docker("rm", "-f", ...["nohost", "noport", "hostile"].map((name) => `spe2e-routing-${name}`));
  });

  test("serves a certificate that is added to the directory and redirects HTTP to HTTPS", async () => {
    const host = "secure.example";
    await stack.runApp("secure", ["-e", `VIRTUAL_HOST=${host}`, "--expose", "5000"]);
    await stack.routed(host, "secure");
    const authority = makeCertificate(certificates, host, [host]);
    // nginx's master process runs as user 101, which must be able to read the key.
    chmodSync(join(certificates, `${host}.key`), 0o644);
    const at = await stack.address();
    await eventually(
      "nginx answers over TLS",
      async () => (await overTls(at.host, host, authority, 8443))?.status === 200,
    );
    await stack.answered(host, 301);
    const location = await new Promise((resolve, reject) => {
      const options = { port: stack.port, path: "/a", headers: { host }, agent: false };
      http.get(options, ({ headers }) => resolve(headers.location)).on("error", reject);
    });
    assert.equal(location, `https://${host}:${httpsPort}/a`);
    const explanation = await stack.compose("exec", "-T", "renderer", "/node", "/app/renderer.cjs", "explain", host);
    assert.match(
      explanation,
      /container spe2e-routing-secure\n {2}belongs to project \S+\n {2}certificate secure\.example/,
    );
    assert.equal(await docker("exec", stack.container("nginx"), "nginx", "-t", "-q"), "");
  });

  test("serves ACME challenges over HTTP", async () => {
    mkdirSync(join(challenges, ".well-known", "acme-challenge"), { recursive: true });
    writeFileSync(join(challenges, ".well-known", "acme-challenge", "token"), "answer");
    await eventually("the token is served", async () => {
      const { status, body } = await stack.get("secure.example", "/.well-known/acme-challenge/token");
      return status === 200 && body === "answer";
    });
  });

  /** Waits until the renderer's log has the reason why a container has no route. */
  async function unrouted(name: string, reason: RegExp): Promise<void> {
    await eventually(`the log has the reason why ${name} has no route`, async () => {
      const lines = (await stack.logs("renderer"))
        .split("\n")
        .filter((line) => line.includes(`spe2e-routing-${name}"`));
      return lines.some((line) => /container\.(unrouted|quarantined)/.test(line) && reason.test(line));
    });
  }
});
