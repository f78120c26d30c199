import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { runDiff } from "../../../renderer/cli/diff.ts";
import { runOnce } from "../../../renderer/cli/once.ts";
import { runRender } from "../../../renderer/cli/render.ts";
import { runSnapshot } from "../../../renderer/cli/snapshot.ts";
import { app, hostsIn, NGINX, RunRig } from "../run-rig.ts";

let rig: RunRig;
beforeEach(() => void (rig = new RunRig()));
afterEach(async () => await rig.close());

test("render prints the file and changes nothing", async () => {
  rig.agent.first = [NGINX, app("a", "web"), app("b", "test")];
  const destination = join(rig.directory, "default.conf");
  const config = rig.configOf({ containers: { where: [{ label: "tier=web" }] } });
  const { stdout, exitCode } = await runRender(config);
  assert.equal(exitCode, 0);
  assert.match(stdout, /server_name a\.example;/);
  assert.doesNotMatch(stdout, /b\.example/);
  assert.equal(existsSync(destination), false);
  assert.deepEqual(await runRender(config, destination), { stdout, stderr: "", exitCode: 0 });
});

test("diff prints the change of a file and changes nothing", async () => {
  rig.agent.first = [NGINX, app("a", "web")];
  const config = rig.configOf({});
  const file = join(rig.directory, "default.conf");
  const again = await runDiff(config);
  assert.equal(again.exitCode, 1);
  assert.match(again.stdout, /^\+ {4}server_name a\.example;$/m);
  assert.equal(existsSync(file), false);
  writeFileSync(file, (await runRender(config)).stdout);
  assert.deepEqual(await runDiff(config, file), { stdout: "", stderr: "", exitCode: 0 });
  rig.agent.first = [NGINX, app("b", "web")];
  const changed = await runDiff(config);
  assert.match(changed.stdout, /^- {4}server_name a\.example;$/m);
  assert.match(changed.stdout, /^\+ {4}server_name b\.example;$/m);
  const absent = await runDiff({ ...config, agents: [{ socket: join(rig.directory, "none.sock") }] });
  assert.deepEqual([absent.exitCode, absent.stdout], [2, ""]);
});

test("render lists quarantined containers, and reports the limit that a template exceeds", async () => {
  const many = Array.from({ length: 120 }, (_none, index) => ({
    ...app("a", "web"),
    id: index.toString(16).padStart(64, "0"),
    name: `many${index}`,
    env: { VIRTUAL_HOST: `many${index}.example` },
  }));
  rig.agent.first = [NGINX, ...many, { ...app("b", "web"), env: { VIRTUAL_HOST: "b!example" } }];
  const aside = await runRender(rig.configOf({}));
  assert.equal(aside.exitCode, 0);
  assert.match(aside.stderr, /^container appb is quarantined: VIRTUAL_HOST: invalid value .* not a DNS name.*\n$/);
  const template = join(rig.directory, "large.hbs");
  writeFileSync(template, `{{#eachHost}}${"x".repeat(200_000)}{{/eachHost}}`);
  const { exitCode, stdout, stderr } = await runRender(rig.configOf({ template }));
  assert.deepEqual([exitCode, stdout], [1, ""]);
  assert.match(stderr, /large\.hbs: renders more than 16777216 characters/);
});

test("snapshot prints the containers that the agents disclose", async () => {
  rig.agent.first = [app("b", "test"), app("a", "web")];
  const { stdout, exitCode } = await runSnapshot(rig.configOf({}));
  assert.equal(exitCode, 0);
  const snapshot = JSON.parse(stdout) as { host: string; name: string }[];
  assert.deepEqual(
    snapshot.map(({ host, name }) => [host, name]),
    [
      ["fake", "appa"],
      ["fake", "appb"],
    ],
  );
});

test("render reports why a file cannot be rendered", async () => {
  rig.agent.first = [app("a", "web")];
  const config = rig.configOf({});
  const held = await runRender(config);
  assert.deepEqual([held.exitCode, held.stdout], [1, ""]);
  assert.match(held.stderr, /sallyport\.proxy=true/);
  const absent = await runRender({ ...config, agents: [{ socket: join(rig.directory, "none.sock") }] });
  assert.match(absent.stderr, /none\.sock: ENOENT/);
  assert.match(
    (await runRender(config, "/other")).stderr,
    /no target with destination "\/other"; name one of .*default\.conf/,
  );
});

test("run --once publishes the file, reloads the server and exits", async () => {
  rig.agent.first = [NGINX, app("a", "web")];
  const marker = join(rig.directory, "marker");
  const config = rig.configOf({ reload: { exec: { command: ["touch", marker] } } });
  assert.deepEqual(await runOnce(config, rig.stop.signal, () => undefined), { kind: "live" });
  assert.deepEqual(hostsIn(join(rig.directory, "default.conf")), ["a.example"]);
  assert.ok(existsSync(marker));
  assert.deepEqual(await runOnce(config, rig.stop.signal, () => undefined), { kind: "live" });
});

test("run --once publishes a closed host and reports it", async () => {
  rig.agent.first = [NGINX, app("a", "web")];
  const passwords = join(rig.directory, "passwords");
  mkdirSync(join(passwords, "a.example"), { recursive: true });
  const config = rig.configOf({ nginx: { files: { passwords } } });
  assert.deepEqual(await runOnce(config, rig.stop.signal, () => undefined), { kind: "closed" });
  assert.doesNotMatch(readFileSync(join(rig.directory, "default.conf"), "utf8"), /proxy_pass/);
});

test("run --once reports what is missing after the timeout", async () => {
  rig.agent.first = [NGINX, app("a", "web")];
  const config = rig.configOf({ reload: { exec: { command: ["false"] } } });
  const ending = await runOnce(config, rig.stop.signal, () => undefined, 3_000);
  assert.equal(ending.kind, "late");
  assert.match(JSON.stringify(ending), /default\.conf: false exited with 1/);
  const absent = { ...config, agents: [{ socket: join(rig.directory, "none.sock") }] };
  assert.match(JSON.stringify(await runOnce(absent, rig.stop.signal, () => undefined, 3_000)), /none\.sock: ENOENT/);
});
