import assert from "node:assert/strict";
import { test } from "node:test";
import { fuzzConnections, fuzzSocket } from "../fuzz/campaign.ts";
import { AgentProcess } from "./agent-process.ts";

// `npm run fuzz` does the same with a million streams and a new seed each time.

test("mutated frames call only permitted methods in a permitted order", async () => {
  const { refused, served } = await fuzzConnections(10_000, 1);
  // The generator must produce both valid and invalid requests.
  assert.ok(refused > 2_500 && served > 1_500, `${refused} refused, ${served} served`);
});

test("mutated frames on the socket cause no other request to Docker and do not affect another client", async () => {
  const agent = await AgentProcess.start();
  const good = await agent.subscribe();
  try {
    await fuzzSocket(agent, good, 40, 2);
  } finally {
    good.close();
    await agent.close();
  }
});
