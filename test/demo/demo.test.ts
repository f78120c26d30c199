import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { docker } from "../docker.ts";
import { freePort } from "./free-port.ts";
import { requires } from "../requires.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

function demo(args: string[], variables: NodeJS.ProcessEnv = {}): { status: number | null; stdout: string } {
  const env = { ...process.env, ...variables };
  return spawnSync(process.execPath, ["--import", "tsx", "test/demo/main.ts", ...args], {
    cwd: root,
    env,
    encoding: "utf8",
  });
}

test("the demo on the embedded engine shows the routes and removes everything", (t) => {
  const temporary = mkdtempSync(join(tmpdir(), "demo-test-"));
  chmodSync(temporary, 0o711);
  t.after(() => rmSync(temporary, { recursive: true }));
  const { status, stdout } = demo(["--embedded", "--once"], { TMPDIR: temporary });
  assert.equal(status, 0, stdout);
  assert.match(stdout, /^Docker is not used/);
  for (const host of ["demo.viktoradam.net", "github.api.viktoradam.net", "docker.api.viktoradam.net"]) {
    assert.ok(stdout.includes(`${host} is routed to `), host);
  }
  assert.match(stdout, /demo\.viktoradam\.net is routed to demo-site-1, demo-site-2, demo-site-3:/);
  assert.match(stdout, /github\.api\.viktoradam\.net is routed to no container:/);
  const left = readdirSync(temporary).filter((name) => name.startsWith("sallyport"));
  assert.deepEqual(left, []);
});

test("rejects an unknown option and lists the known ones", () => {
  const { status, stdout } = demo(["--embeded"]);
  assert.equal(status, 64);
  assert.match(stdout, /--embedded/);
});

const skip = requires("docker");

test(
  "the demo with Docker starts the shipped stack, shows its responses and removes everything",
  { skip },
  async () => {
    const project = "sallyport-demo-test";
    const port = String(await freePort());
    const { status, stdout } = demo(["--once"], { COMPOSE_PROJECT_NAME: project, SALLYPORT_PORT: port });
    assert.equal(status, 0, stdout);
    for (const app of ["demo-site", "github-proxy", "dockerhub-proxy"])
      assert.ok(stdout.includes(`app: ${app}\n`), app);
    const ofProject = ["--all", "--quiet", "--filter", `label=com.docker.compose.project=${project}`];
    assert.equal(await docker("ps", ...ofProject), "");
    assert.equal(await docker("volume", "ls", ...ofProject.slice(1)), "");
  },
);
