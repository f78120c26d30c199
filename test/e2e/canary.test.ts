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

/** Stands in every field that can be set, each time with another number. */
const CANARY = "hunter2canary";
const IMAGE = "sallyport-test-canary:1";
const NAME = "sallyport-canary";

/** Options of `docker run` that put text of one's own into what an inspect shows; the address fields take no text. */
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

describe("a secret in any field that a container can have", { skip: requires("docker") }, () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-canary-"));
  let agent: AgentRun;
  let renderer: RpcClient;
  before(async () => {
    await cleanUp();
    await makeBox();
    await makeBox(IMAGE, [
      `ENV BAKED=${CANARY}`,
      `LABEL baked=${CANARY}`,
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

  /** Everything the agent has said, written or shows of itself. */
  function said(): string {
    const written = ["audit", "rpc", "."].flatMap((name) =>
      readdirSync(join(agent.directory, name), { withFileTypes: true })
        .filter((entry) => entry.isFile() && !entry.name.endsWith(".cjs"))
        .map((entry) => readFileSync(join(agent.directory, name, entry.name), "latin1")),
    );
    return [renderer.bytes, ...agent.lines, ...written].join("\n");
  }

  test("is told to nobody while all goes well", async () => {
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
    await eventually("it is told", () => renderer.named(NAME)?.env["VIRTUAL_HOST"] === "canary.example");
    if (known.includes("--health-cmd"))
      await eventually("its health is told", () => renderer.named(NAME)?.health === "healthy");
    await docker("exec", NAME, "sh", "-c", `: ${CANARY}`);
    await docker("rename", NAME, `${NAME}-renamed`);
    await eventually("the new name is told", () => renderer.named(`${NAME}-renamed`) !== undefined);
    const inspected = await docker("inspect", `${NAME}-renamed`);
    assert.ok((inspected.match(new RegExp(CANARY, "g")) ?? []).length >= 20, "the canary is in Docker's answer");
    const process = ["cmdline", "environ"].map((file) => readFileSync(`/proc/${agent.pid}/${file}`, "latin1"));
    assert.ok(said().includes("canary.example"));
    assert.ok(!`${said()}${process.join("")}`.includes(CANARY));
  });

  for (const signal of ["SIGTERM", "SIGABRT"] as const) {
    test(`is in nothing that an agent leaves behind that was sent ${signal}`, async () => {
      // A core or a report would be in its working directory.
      const directories = [agent.directory, readlinkSync(`/proc/${agent.pid}/cwd`)];
      const files = (): string[][] => directories.map((path) => readdirSync(path));
      const before = files();
      process.kill(agent.pid, signal);
      await eventually("it has ended", () => agent.hasEnded);
      assert.deepEqual(files(), before);
      assert.ok(!said().includes(CANARY));
      renderer.close();
      await agent.run();
      renderer = await agent.subscribe();
      await eventually("the next one knows it", () => renderer.named(`${NAME}-renamed`) !== undefined);
    });
  }
});

/** The options that the client at hand knows: an older one has no annotations. */
async function knownOptions(all: readonly string[]): Promise<string[]> {
  const help = await docker("run", "--help");
  return all.flatMap((word, index) => {
    const option = word.startsWith("--") ? word : (all[index - 1] ?? "");
    return help.includes(`${option} `) ? [word] : [];
  });
}

async function cleanUp(): Promise<void> {
  for (const name of [NAME, `${NAME}-renamed`]) await docker("rm", "--force", "--volumes", name).catch(() => undefined);
  await docker("network", "rm", NAME).catch(() => undefined);
}
