import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { eventually } from "../eventually.ts";
import { AgentProcess } from "./agent-process.ts";

const CANARY = "hunter2-canary";

test("never discloses a secret from any field of Docker's responses", async () => {
  const agent = await AgentProcess.start(["--relist", "1"]);
  try {
    agent.engine.image("baked", {
      env: [`BAKED=${CANARY}`, `VIRTUAL_TOKEN=${CANARY}1`, `VIRTUAL_PROTO=${CANARY}\u202e`],
      labels: { baked: CANARY, "sallyport.secret": CANARY },
    });
    await agent.engine.run({
      name: "app",
      image: "baked",
      env: {
        VIRTUAL_HOST: "app.example",
        DB_PASSWORD: CANARY,
        VIRTUAL_TOKEN: CANARY,
        [CANARY]: "1",
        VIRTUAL_DEST: `https://user:${CANARY}@a.example/`,
        VIRTUAL_DB_PWD: CANARY,
        LETSENCRYPT_DB_URL: `postgres://user:${CANARY}@db/app`,
        VIRTUAL_PATH: `${CANARY}\u202e`,
      },
      labels: { secret: CANARY, [`${CANARY}.label`]: "1", "sallyport.key": CANARY },
      command: ["serve", CANARY],
      mounts: [{ Type: "bind", Source: `/${CANARY}`, Destination: "/data" }],
      expose: [5000],
      health: "healthy",
    });
    const renderer = await agent.subscribe();
    await eventually("the container is disclosed", () => renderer.named("app")?.env["VIRTUAL_HOST"] === "app.example");
    // Invalid responses must not be quoted either.
    const planned = agent.engine.api.fault("inspect", { kind: "body", text: `{"Id":"${CANARY}","x":` });
    await agent.engine.restart("app");
    await eventually("the container is stale", () => renderer.named("app")?.stale === true);
    planned.lift();
    const unread = agent.engine.api.fault("image", { kind: "body", text: `{"Id":"${CANARY}","x":` });
    agent.engine.image("other", { env: [`BAKED=${CANARY}`] });
    await agent.engine.run({ name: "other", image: "other" });
    await eventually("the image cannot be read", () => renderer.named("other")?.fromImage.read === false);
    unread.lift();
    await eventually("the container is up to date", () => renderer.named("app")?.stale === false);
    const disclosed = renderer.named("app");
    assert.deepEqual(Object.keys(disclosed?.env ?? {}), ["VIRTUAL_HOST"]);
    assert.deepEqual(disclosed?.refused, [
      ...["VIRTUAL_DEST", "VIRTUAL_PATH", "VIRTUAL_PROTO"].map((name) => ({
        from: "env",
        name,
        reason: name === "VIRTUAL_DEST" ? "value.secret" : "value.charset",
      })),
      ...["sallyport.key", "sallyport.secret"].map((name) => ({ from: "label", name, reason: "name.unknown" })),
    ]);
    assert.ok((disclosed?.withheld.env ?? 0) >= 3);
    const recorded = JSON.stringify(agent.records().filter(({ event }) => event === "disclosure"));
    for (const { name } of disclosed?.refused ?? [])
      assert.ok(recorded.includes(`"${name}"`), "the trail has the name");
    const commandLine = readFileSync(`/proc/${agent.pid}/cmdline`, "utf8");
    renderer.close();
    const output = agent.lines.join("\n") + JSON.stringify(agent.records()) + renderer.bytes + commandLine;
    assert.ok(output.includes("app.example") && !output.includes(CANARY));
  } finally {
    await agent.close();
  }
});
