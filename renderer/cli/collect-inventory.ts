import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "../config/schema.ts";
import type { InventoryChange } from "../inventory/inventory-change.ts";
import { Subscription } from "../inventory/subscription.ts";

/** Milliseconds the agents have to tell everything once. */
const PATIENCE_MS = 30_000;

/** Milliseconds between two looks at whether they have. */
const LOOK_MS = 20;

/** Tells what every agent knows; resolves as soon as they have told all, or with who has not and why. */
export async function hear(
  config: Config,
  onChange: (change: InventoryChange) => unknown,
): Promise<string | undefined> {
  const stop = new AbortController();
  const quiet = (): void => undefined;
  const agents = config.agents.map(({ socket }) => new Subscription(socket, quiet, (change) => void onChange(change)));
  const running = agents.map(async (agent) => await agent.run(stop.signal));
  const end = Date.now() + PATIENCE_MS;
  const missing = () =>
    agents.find(({ isComplete, state }) => !isComplete && (Date.now() > end || isGone(state.problem)));
  while (agents.some(({ isComplete }) => !isComplete) && !missing()) await sleep(LOOK_MS);
  const silent = missing();
  stop.abort();
  await Promise.all(running);
  return silent && `${silent.state.socket}: ${silent.state.problem ?? "has not told everything"}`;
}

/** Nobody is there, or nobody we may speak to: waiting would not help. */
function isGone(problem: string | undefined): boolean {
  return problem !== undefined && ["ENOENT", "EACCES", "ECONNREFUSED"].includes(problem);
}
