import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { after, before, describe, test } from "node:test";
import type { Fault } from "../engine/fault.ts";
import { imageId } from "../engine/hex-id.ts";
import { eventually } from "../eventually.ts";
import { AgentProcess } from "./agent-process.ts";
import type { RpcClient } from "./rpc-client.ts";

const CANARY = "hunter2-canary";
const PROJECT = "com.docker.compose.project";

describe("values of images", () => {
  let agent: AgentProcess;
  let renderer: RpcClient;
  before(async () => {
    agent = await AgentProcess.start(["--relist", "1"]);
    agent.engine.image("baked", {
      env: ["VIRTUAL_HOST=shop.example", `SECRET=${CANARY}`],
      labels: { [PROJECT]: "shop", other: CANARY },
    });
    renderer = await agent.subscribe();
  });
  after(async () => {
    renderer.close();
    await agent.close();
  });

  /** Runs a container and returns its marks when it is running. */
  async function marksOf(name: string, options: object) {
    await agent.engine.run({ name, ...options });
    const container = await eventually("the container is disclosed", () => {
      const found = renderer.named(name);
      return found?.state === "running" ? found : undefined;
    });
    return container.fromImage;
  }

  const imageRequests = (): number =>
    agent.engine.api.requests.filter(({ target }) => target.includes("/images/")).length;

  test("marks a variable and a label that the image sets", async () => {
    const marks = await marksOf("plain", { image: "baked" });
    assert.deepEqual(marks, { read: true, env: ["VIRTUAL_HOST"], labels: [PROJECT] });
  });

  test("does not mark the same names when the container sets another value", async () => {
    const marks = await marksOf("own", {
      image: "baked",
      env: { VIRTUAL_HOST: "own.example" },
      labels: { [PROJECT]: "own" },
    });
    assert.deepEqual(marks, { read: true, env: [], labels: [] });
  });

  test("marks each value of a variable that the image sets several times", async () => {
    const lines = ["VIRTUAL_HOST=shop.example", "VIRTUAL_HOST=decoy.example"];
    agent.engine.image("twice", { env: lines });
    const first = await marksOf("first", { image: "twice", env: lines.slice(0, 1) });
    const last = await marksOf("last", { image: "twice", env: lines.slice(1) });
    assert.deepEqual([first.env, last.env], [["VIRTUAL_HOST"], ["VIRTUAL_HOST"]]);
  });

  test("marks an empty value that the image sets without an equals sign", async () => {
    agent.engine.image("bare", { env: ["VIRTUAL_PATH"] });
    assert.deepEqual((await marksOf("bare", { image: "bare", env: ["VIRTUAL_PATH="] })).env, ["VIRTUAL_PATH"]);
  });

  test("requests an image once for all of its containers, and records the request", async () => {
    const before = imageRequests();
    const recorded = agent.records().filter(({ route }) => route === "image").length;
    agent.engine.image("shared", {});
    for (let number = 0; number < 5; number++) await marksOf(`shared${number}`, { image: "shared" });
    await agent.engine.restart("shared0");
    await eventually("the container is up", () => renderer.named("shared0")?.state === "running");
    assert.equal(imageRequests() - before, 1);
    assert.equal(agent.records().filter(({ route }) => route === "image").length - recorded, 1);
  });

  test("requests an image again after the last container that used it is gone", async () => {
    agent.engine.image("rare", { env: ["VIRTUAL_HOST=rare.example"] });
    await marksOf("rare", { image: "rare" });
    await agent.engine.remove("rare");
    const lists = (): number => agent.engine.api.requests.filter(({ target }) => target.endsWith("?all=true")).length;
    const listed = lists();
    await eventually("two lists follow", () => lists() >= listed + 2);
    const before = imageRequests();
    assert.deepEqual((await marksOf("rare", { image: "rare" })).env, ["VIRTUAL_HOST"]);
    assert.equal(imageRequests() - before, 1);
  });

  const faults: readonly [string, Fault][] = [
    ["is truncated", { kind: "cut", afterBytes: 40 }],
    ["is an error", { kind: "status", status: 500, message: CANARY }],
    ["is a redirect", { kind: "redirect", location: `http://127.0.0.1:1/${CANARY}` }],
    ["never starts", { kind: "reset" }],
  ];
  for (const [index, [title, fault]] of faults.entries()) {
    test(`discloses a container as unmarked while a request for its image ${title}, and marks it afterwards`, async () => {
      const name = `failing${index}`;
      agent.engine.image(name, { env: ["VIRTUAL_HOST=failing.example"] });
      const planned = agent.engine.api.fault("image", fault, { of: imageId(name).slice(7) });
      assert.deepEqual(await marksOf(name, { image: name }), { read: false, env: [], labels: [] });
      assert.ok(agent.lines.some((line) => line.includes("image.skipped")));
      planned.lift();
      await eventually("it is marked", () => renderer.named(name)?.fromImage.env[0] === "VIRTUAL_HOST");
    });
  }

  const permanent: readonly [string, Fault][] = [
    ["is missing", { kind: "status", status: 404, message: CANARY }],
    ["is of another type", { kind: "body", text: `{"${CANARY}":1}` }],
    ["is another image's", { kind: "body", text: JSON.stringify({ Id: imageId("other") }) }],
    ["is not JSON", { kind: "body", text: `{"${CANARY}` }],
    ["exceeds the size limit", { kind: "endless", text: `{"${CANARY}":"${"x".repeat(4_000)}"},` }],
  ];
  for (const [index, [title, fault]] of permanent.entries()) {
    test(`discloses a container as unmarked when the response for its image ${title}`, async () => {
      const name = `broken${index}`;
      agent.engine.image(name, { env: ["VIRTUAL_HOST=broken.example"] });
      agent.engine.api.fault("image", fault, { of: imageId(name).slice(7) });
      assert.deepEqual(await marksOf(name, { image: name }), { read: false, env: [], labels: [] });
    });
  }

  test("never discloses, logs or records another value of an image", () => {
    const output = agent.lines.join("\n") + JSON.stringify(agent.records()) + renderer.bytes;
    assert.ok(output.includes("shop.example") && !output.includes(CANARY));
  });
});

test("images without a response from Docker delay no other container", async () => {
  const agent = await AgentProcess.start(["--relist", "1"]);
  try {
    for (let number = 0; number < 60; number++) {
      agent.engine.image(`image${number}`, { env: ["VIRTUAL_HOST=a.example"] });
      await agent.engine.run({ name: `app${number}`, image: `image${number}` });
    }
    const planned = agent.engine.api.fault("image", { kind: "hang" });
    const renderer = await agent.subscribe();
    assert.equal(renderer.containers.length, 60);
    assert.ok(renderer.containers.every(({ fromImage }) => !fromImage.read));
    planned.lift();
    await eventually("all are marked", () => renderer.containers.every(({ fromImage }) => fromImage.env.length === 1));
    renderer.close();
  } finally {
    await agent.close();
  }
});

test("without environments, marks labels and sends no request for a container's environment", async () => {
  const directory = mkdtempSync(join(tmpdir(), "sallyport-policy-"));
  chmodSync(directory, 0o755);
  writeFileSync(join(directory, "policy.json"), '{"mode":"labels only"}');
  const agent = await AgentProcess.start(["--policy", join(directory, "policy.json")]);
  try {
    agent.engine.image("baked", { env: ["VIRTUAL_HOST=a.example"], labels: { "sallyport.host": "shop.example" } });
    await agent.engine.run({ name: "baked", image: "baked" });
    await agent.engine.run({ name: "own", image: "baked", labels: { "sallyport.host": "own.example" } });
    const renderer = await agent.subscribe();
    assert.deepEqual(renderer.named("baked")?.fromImage, { read: true, env: [], labels: ["sallyport.host"] });
    assert.deepEqual(renderer.named("own")?.fromImage, { read: true, env: [], labels: [] });
    // The event precedes Docker's list.
    agent.engine.network("late");
    type Entry = { NetworkSettings: { Networks: Record<string, unknown> } };
    const lagging = agent.engine.api.fault(
      "list",
      {
        kind: "change",
        change: (answer) => {
          for (const { NetworkSettings } of answer as Entry[]) delete NetworkSettings.Networks["late"];
          return answer;
        },
      },
      { times: 3 },
    );
    await agent.engine.connect("own", "late");
    const names = (): unknown => renderer.named("own")?.networks.map(({ name }) => name);
    await eventually("the network is disclosed", () => isDeepStrictEqual(names(), ["bridge", "late"]));
    assert.equal(lagging.hits, 3);
    await agent.engine.disconnect("own", "late");
    await eventually("it is gone", () => isDeepStrictEqual(names(), ["bridge"]));
    assert.ok(!agent.engine.api.requests.some(({ target }) => /containers\/[0-9a-f]+\/json/.test(target)));
    renderer.close();
  } finally {
    await agent.close();
    rmSync(directory, { recursive: true });
  }
});

const policies = mkdtempSync(join(tmpdir(), "sallyport-policy-"));
chmodSync(policies, 0o755);
after(() => rmSync(policies, { recursive: true }));

/** Starts an agent whose policy has these `only` lists. */
async function startOnly(only: object, ...args: string[]): Promise<AgentProcess> {
  const policy = join(policies, "only.json");
  writeFileSync(policy, JSON.stringify({ only }));
  return await AgentProcess.start(["--policy", policy, ...args]);
}

test("a label that only an image sets does not make its container visible", async () => {
  const agent = await startOnly({ labels: ["team=web", "public"] });
  try {
    agent.engine.image("baked", { labels: { team: "web", public: "1" } });
    await agent.engine.run({ name: "foreign", image: "baked" });
    await agent.engine.run({ name: "team", labels: { team: "web" } });
    await agent.engine.run({ name: "public", image: "baked", labels: { public: "yes" } });
    await agent.engine.run({ name: "other", labels: { team: "db" } });
    const renderer = await agent.subscribe();
    assert.deepEqual(renderer.containers.map(({ name }) => name).toSorted(), ["public", "team"]);
    renderer.close();
  } finally {
    await agent.close();
  }
});

test("a project that only an image names does not make its container visible", async () => {
  const agent = await startOnly({ projects: ["shop"] });
  const hash = { "com.docker.compose.config-hash": "0" };
  try {
    agent.engine.image("baked", { labels: { [PROJECT]: "shop" } });
    agent.engine.image("copied", { labels: { [PROJECT]: "shop", ...hash } });
    await agent.engine.run({ name: "foreign", image: "baked" });
    await agent.engine.run({ name: "copied", image: "copied" });
    await agent.engine.run({ name: "own", image: "baked", labels: hash });
    await agent.engine.run({ name: "plain", labels: { [PROJECT]: "shop" } });
    await agent.engine.run({
      name: "numbered",
      labels: { [PROJECT]: "shop", "com.docker.compose.container-number": "1" },
    });
    const renderer = await agent.subscribe();
    assert.deepEqual(renderer.containers.map(({ name }) => name).toSorted(), ["numbered", "own"]);
    renderer.close();
  } finally {
    await agent.close();
  }
});

test("a label or project of an image that cannot be read does not make its container visible", async () => {
  const labels = { [PROJECT]: "shop", "com.docker.compose.config-hash": "0", team: "web" };
  for (const only of [{ projects: ["shop"] }, { labels: ["team"] }]) {
    const agent = await startOnly(only, "--relist", "1");
    try {
      agent.engine.image("baked", { labels });
      const text = `{"${"x".repeat(4_000)}":1,`;
      agent.engine.api.fault("image", { kind: "endless", text }, { of: imageId("baked").slice(7) });
      agent.engine.image("slow", { labels: { other: "1" } });
      const planned = agent.engine.api.fault("image", { kind: "status", status: 500, message: CANARY });
      await agent.engine.run({ name: "foreign", image: "baked" });
      await agent.engine.run({ name: "own", image: "slow", labels });
      const renderer = await agent.subscribe();
      assert.deepEqual(renderer.containers, []);
      planned.lift();
      await eventually("the image is read", () => renderer.named("own"));
      assert.deepEqual(
        renderer.containers.map(({ name }) => name),
        ["own"],
      );
      renderer.close();
    } finally {
      await agent.close();
    }
  }
});
