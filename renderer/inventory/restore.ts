import { join } from "node:path";
import type { Log } from "../../shared/log.ts";
import type { Config } from "../config/schema.ts";
import { InventoryCache } from "./cache.ts";
import { ownDirectory } from "../publish/volume.ts";
import type { Subscription } from "./subscription.ts";

/** Milliseconds that agents have to tell everything before one that is away is recalled. */
const PATIENCE_MS = 10_000;

/** What is known of an agent that no renderer here ever heard. */
const UNHEARD = { host: "", containers: [] };

/** Told of each agent that has something new. */
export type Keep = (socket: string) => void;

/**
 * Of several agents one may be away when the renderer starts: then its containers are known as a renderer before this
 * one was told them, and an agent that never told anything has none: nothing of it can be lost. With one agent there is nothing to go on with: what is live stays as it is.
 */
export function recallAbsent(
  config: Config,
  subscriptions: ReadonlyMap<string, Subscription>,
  log: Log,
  signal: AbortSignal,
): Keep {
  const target = config.targets.find(({ destination }) => destination !== "-");
  if (subscriptions.size < 2 || target === undefined) return () => undefined;
  const memory = new InventoryCache(join(ownDirectory(target.destination, target.stateDirectory), "agents"), log);
  const recall = (): void => {
    for (const [socket, subscription] of subscriptions) {
      if (subscription.isComplete) continue;
      const told = memory.isOf(socket) ? memory.read(socket) : UNHEARD;
      if (told === UNHEARD) log("warn", "agent.unheard", { socket, detail: "never told anything: without it for now" });
      if (told) subscription.recall(told);
    }
  };
  const timer = setTimeout(recall, PATIENCE_MS);
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  return (socket) => {
    const subscription = subscriptions.get(socket);
    if (!subscription) return;
    memory.changed(socket, () => ({
      host: subscription.state.host,
      containers: subscription.known.map(({ container }) => container),
    }));
  };
}
