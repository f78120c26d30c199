import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { bundle } from "../../../.ci/bundle.ts";

const directory = mkdtempSync(join(tmpdir(), "sallyport-bundle-"));
after(() => rmSync(directory, { recursive: true }));

test("the bundled renderer renders in a thread of its own file", async () => {
  await bundle("renderer", { write: true });
  const template = join(directory, "t.hbs");
  const target = { template, destination: join(directory, "out"), format: "json", reload: "none" };
  const config = join(directory, "renderer.yml");
  writeFileSync(config, JSON.stringify({ agents: [{ socket: join(directory, "a.sock") }], targets: [target] }));
  const check = () =>
    spawnSync(process.execPath, ["--max-semi-space-size=1", "dist/renderer.cjs", "check", "--config", config], {
      encoding: "utf8",
    });
  writeFileSync(template, "{{#each containers}}{{name}}{{/each}}");
  assert.deepEqual([check().stdout, check().status], ["ok\n", 0]);
  writeFileSync(template, "{{#each containers}}{{shout name}}{{/each}}");
  assert.match(check().stderr, /t\.hbs:1:21: .*shout/);
  writeFileSync(template, "{{> itself}}".replace("itself", "t"));
  assert.equal(check().status, 78);
});

test("prints a target to standard output once, and names an agent that does not respond", () => {
  const template = join(directory, "t.hbs");
  writeFileSync(template, "x");
  const config = join(directory, "out.yml");
  const target = { template, destination: "-", format: "none", reload: "none" };
  writeFileSync(config, JSON.stringify({ agents: [{ socket: join(directory, "none.sock") }], targets: [target] }));
  const { status, stderr } = runOnce(config);
  assert.equal(status, 1);
  assert.match(stderr, /none\.sock: ENOENT/);
});

test("logs readable lines when it publishes once, and JSON with --json", () => {
  const reason = "error.*none\\.yml: ENOENT";
  assert.match(runOnce("none.yml").stderr, new RegExp(`^\\d\\d:\\d\\d:\\d\\dZ {2}config\\.rejected +${reason}`));
  assert.match(runOnce("none.yml", "--json").stderr, new RegExp(`^\\{"time":.*"event":"config\\.rejected","${reason}`));
});

function runOnce(config: string, ...options: readonly string[]) {
  const args = ["dist/renderer.cjs", "run", "--once", ...options, "--config", config];
  return spawnSync(process.execPath, args, { encoding: "utf8" });
}
