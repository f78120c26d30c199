import assert from "node:assert/strict";
import { test } from "node:test";
import { atTheSocket, throughTheDoor } from "../fuzz/campaign.ts";
import { AgentProcess } from "./agent-process.ts";

// `npm run fuzz` does the same with a million streams, and another seed each time.

test("mutated frames call nothing but the contract's methods in their order, and break nothing", async () => {
  const { refused, served } = await throughTheDoor(20_000, 1);
  // A generator that made only garbage, or only good requests, would prove nothing.
  assert.ok(refused > 5_000 && served > 3_000, `${refused} refused, ${served} served`);
});

test("mutated frames at the socket make the agent ask Docker for nothing else, and no good client notices", async () => {
  const agent = await AgentProcess.start();
  const good = await agent.subscribe();
  try {
    await atTheSocket(agent, good, 60, 2);
  } finally {
    good.close();
    await agent.close();
  }
});
