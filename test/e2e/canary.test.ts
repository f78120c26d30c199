import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { AgentRun } from "../agent/agent-run.ts";
import type { RpcClient } from "../agent/rpc-client.ts";
import { docker, dockerSocket, isPodman } from "../docker.ts";
import { eventually } from "../eventually.ts";
import { makeBox } from "./box.ts";
import { removeDirectory } from "../remove-directory.ts";
import { requires } from "../requires.ts";

/** Part of the value of every field that can be set, each time with another number. */
const CANARY = "hunter2canary";
const IMAGE = "sallyport-test-canary:1";
const NAME = "sallyport-canary";

/** Options of `docker run` that put the canary into every field of `docker inspect` that takes arbitrary text. */
function options(directory: string): string[] {
  let number = 0;
  const secret = (): string => `${CANARY}${++number}`;
  const file = join(directory, secret());
  writeFileSync(file, `FROM_FILE=${secret()}\n`);
  const given: Readonly<Record<string, readonly string[]>> = {
    "--env": ["VIRTUAL_HOST=canary.example", `PASSWORD=${secret()}`, `${secret()}=1`, `VIRTUAL_TOKEN=${secret()}`],
    "--env-file": [file],
    "--label": [`private=${secret()}`, `${secret()}=1`, `sallyport.password=${secret()}`],
    "--hostname": [secret()],
    "--domainname": [secret()],
    "--workdir": [`/${secret()}`],
    "--volume": [`${directory}:/${secret()}`, `${secret()}:/data`],
    "--tmpfs": [`/${secret()}`],
    "--add-host": [`${secret()}:192.0.2.1`],
    "--dns-search": [`${secret()}.example`],
    "--dns-option": [secret()],
    "--log-opt": isPodman() ? [] : [`tag=${secret()}`],
    "--annotation": [`${secret()}=${secret()}`],
    "--network": [NAME],
    "--network-alias": [secret()],
    "--expose": ["5000"],
    "--health-cmd": isPodman() ? [] : [`echo ${secret()}; test ! -e /${secret()}`],
    "--health-interval": isPodman() ? [] : ["1s"],
  };
  return Object.entries(given).flatMap(([option, values]) => values.flatMap((value) => [option, value]));
}

describe("a secret in any field of a container", { skip: requires("docker") }, () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-canary-"));
  let agent: AgentRun;
  let renderer: RpcClient;
  before(async () => {
    await cleanUp();
    await makeBox();
    await makeBox(IMAGE, [
      `ENV BAKED=${CANARY}`,
      "ENV VIRTUAL_PORT=5000",
      `LABEL baked=${CANARY} maintainer=${CANARY}@example.com sallyport.secret=${CANARY}`,
      `WORKDIR /${CANARY}`,
      `VOLUME /${CANARY}-volume`,
      `ONBUILD RUN echo ${CANARY}`,
      `CMD ["${CANARY}"]`,
      `ENTRYPOINT ${JSON.stringify(["/bin/sh", "-c", 'exec "$@"', CANARY])}`,
    ]);
    await docker("network", "create", "--label", `private=${CANARY}`, NAME);
    agent = new AgentRun(dockerSocket(), []);
    await agent.run();
    renderer = await agent.subscribe();
  });
  after(async () => {
    renderer.close();
    await agent.close();
    await cleanUp();
    await removeDirectory(directory);
  });

  /** Everything the agent has sent, logged and written to files. */
  function output(): string {
    const written = ["audit", "rpc", "."].flatMap((name) =>
      readdirSync(join(agent.directory, name), { withFileTypes: true })
        .filter((entry) => entry.isFile() && !entry.name.endsWith(".cjs"))
        .map((entry) => readFileSync(join(agent.directory, name, entry.name), "latin1")),
    );
    return [renderer.bytes, ...agent.lines, ...written].join("\n");
  }

  test("is never disclosed while the agent runs normally", async () => {
    const known = await knownOptions(options(directory));
    await docker(
      "run",
      "--detach",
      "--name",
      NAME,
      ...known,
      IMAGE,
      "sh",
      "-c",
      `: ${CANARY}; while :; do sleep 0.1; done`,
    );
    await eventually(
      "the renderer knows the container",
      () => renderer.named(NAME)?.env["VIRTUAL_HOST"] === "canary.example",
    );
    if (known.includes("--health-cmd"))
      await eventually("the renderer knows its health", () => renderer.named(NAME)?.health === "healthy");
    await docker("exec", NAME, "sh", "-c", `: ${CANARY}`);
    await docker("rename", NAME, `${NAME}-renamed`);
    await eventually("the renderer knows the new name", () => renderer.named(`${NAME}-renamed`) !== undefined);
    const inspected = await docker("inspect", `${NAME}-renamed`);
    assert.ok((inspected.match(new RegExp(CANARY, "g")) ?? []).length >= 20, "Docker's response contains the canary");
    const image = await docker("inspect", "--type", "image", IMAGE);
    assert.ok((image.match(new RegExp(CANARY, "g")) ?? []).length >= 6, "and so does that about its image");
    const { fromImage } = renderer.named(`${NAME}-renamed`)!;
    assert.deepEqual([fromImage.read, fromImage.env], [true, ["VIRTUAL_PORT"]]);
    const process = ["cmdline", "environ"].map((file) => readFileSync(`/proc/${agent.pid}/${file}`, "latin1"));
    assert.ok(output().includes("canary.example"));
    assert.ok(!`${output()}${process.join("")}`.includes(CANARY));
  });

  for (const signal of ["SIGTERM", "SIGABRT"] as const) {
    test(`is in no file after the agent ends with ${signal}`, async () => {
      // A core dump or a diagnostic report would be in its working directory.
      const directories = [agent.directory, readlinkSync(`/proc/${agent.pid}/cwd`)];
      const files = (): string[][] => directories.map((path) => readdirSync(path));
      const before = files();
      process.kill(agent.pid, signal);
      await eventually("the agent has ended", () => agent.hasEnded);
      assert.deepEqual(files(), before);
      assert.ok(!output().includes(CANARY));
      renderer.close();
      await agent.run();
      renderer = await agent.subscribe();
      await eventually("the next agent knows the container", () => renderer.named(`${NAME}-renamed`) !== undefined);
    });
  }
});

/** The options that this docker client supports: older versions have no --annotation. */
async function knownOptions(all: readonly string[]): Promise<string[]> {
  const help = await docker("run", "--help");
  return all.flatMap((argument, index) => {
    const option = argument.startsWith("--") ? argument : (all[index - 1] ?? "");
    return help.includes(`${option} `) ? [argument] : [];
  });
}

async function cleanUp(): Promise<void> {
  for (const name of [NAME, `${NAME}-renamed`]) await docker("rm", "--force", "--volumes", name).catch(() => undefined);
  await docker("network", "rm", NAME).catch(() => undefined);
  // `docker rm --volumes` keeps volumes with a name.
  const volumes = (await docker("volume", "ls", "--quiet", "--filter", `name=${CANARY}`)).split("\n").filter(Boolean);
  if (volumes.length > 0) await docker("volume", "rm", ...volumes);
}
