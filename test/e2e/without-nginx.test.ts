import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { docker, removeLabelled } from "../docker.ts";
import { eventually } from "../eventually.ts";
import { requires } from "../requires.ts";

const run = promisify(execFile);
const PROJECT = "spe2e-without-nginx";
const FILE = "docs/examples/compose.without-nginx.yml";
const CONFIG = ["--config", "/etc/sallyport/examples/renderer.without-nginx.yml"];

async function compose(...args: string[]): Promise<string> {
  const { stdout } = await run("docker", ["compose", "--project-directory", ".", "-p", PROJECT, "-f", FILE, ...args]);
  return stdout;
}

const renderer = async (...args: string[]): Promise<string> =>
  await compose("exec", "-T", "renderer", "/node", ...args);

describe("the example without nginx", { skip: requires("docker") }, () => {
  const down = async (): Promise<void> => {
    await removeLabelled(`sallyport.test=${PROJECT}`);
    await compose("down", "-v", "--timeout", "2");
  };
  before(async () => {
    await down();
    await compose("up", "-d", process.env["SALLYPORT_IMAGES"] === "given" ? "--no-build" : "--build");
  });
  after(down);

  test("writes scrape targets of running containers and is healthy", async () => {
    const labels = ["--label", `sallyport.test=${PROJECT}`, "--label", "prometheus.port=9100"];
    await docker("run", "-d", "--name", `${PROJECT}-app`, ...labels, "sallyport-demo-app");
    const read = 'console.log(require("fs").readFileSync("/srv/targets/docker.json", "utf8"))';
    const published = async (): Promise<unknown[]> => JSON.parse(await renderer("-e", read)) as unknown[];
    await eventually("the file lists the container", async () => JSON.stringify(await published()).includes(":9100"));
    await docker("pause", `${PROJECT}-app`);
    await eventually("a paused container is not listed", async () => (await published()).length === 0);
    assert.equal(await renderer("/app/renderer.cjs", "health", ...CONFIG), "ok\n");
    assert.match(await renderer("/app/renderer.cjs", "status", ...CONFIG), /^\/srv\/targets\/docker\.json +live/m);
  });
});
