import { setTimeout as sleep } from "node:timers/promises";
import type { Log } from "../../shared/log.ts";
import type { Config } from "../config/schema.ts";
import type { InventoryChange } from "../inventory/inventory-change.ts";
import { Subscription } from "../inventory/subscription.ts";
import { TaskReplicas } from "../inventory/task-replicas.ts";

/** Milliseconds within which the agents must report all containers. */
const TIMEOUT_MS = 30_000;

/**
 * Passes on the containers of every agent, until all agents have reported theirs. Returns an error if an agent is not
 * running or does not report in time.
 */
export async function collectInventory(
  config: Config,
  onChange: (change: InventoryChange) => unknown,
): Promise<string | undefined> {
  const stop = new AbortController();
  const silent: Log = () => undefined;
  const replicas = new TaskReplicas(config.agents.map(({ socket }) => socket));
  const agents = config.agents.map(
    (agent) => new Subscription(agent, silent, (change) => void onChange(replicas.apply(change))),
  );
  const running = agents.map(async (agent) => await agent.run(stop.signal));
  const complete = Promise.all(agents.map(async (agent) => await agent.complete)).then(
    () => undefined,
    (error: Error) => error.message,
  );
  const timeout = sleep(TIMEOUT_MS, undefined, { signal: stop.signal }).then(
    () => {
      const { state } = agents.find(({ isComplete }) => !isComplete) ?? {};
      return `${state?.socket}: ${state?.error ?? `no complete report within ${TIMEOUT_MS / 1_000} s`}`;
    },
    () => undefined,
  );
  const error = await Promise.race([complete, timeout]);
  stop.abort();
  await Promise.all(running);
  return error;
}
