import type { Log } from "../../shared/log.ts";
import { type CachedInventory, InventoryCache } from "./cache.ts";
import type { Subscription } from "./subscription.ts";

/** What is known of an agent that has never connected to a renderer here. */
const NOTHING: CachedInventory = { dockerHost: "", containers: [] };

/** Where the inventory of each agent is cached, and how long the renderer waits for absent agents. */
export interface RestoreOptions {
  readonly directory: string;
  /** Milliseconds from the start until absent agents are restored from the cache. */
  readonly patienceMs: number;
}

/**
 * Restores absent agents from the cache of an earlier renderer, so that one absent agent does not block the others.
 * An agent without a cache has never contributed containers, so none can be lost. Returns a function to call with the
 * socket of each agent whose inventory changed, or that disconnected, which updates the cache.
 */
export function restoreAbsent(
  subscriptions: ReadonlyMap<string, Subscription>,
  { directory, patienceMs }: RestoreOptions,
  log: Log,
  signal: AbortSignal,
): (socket: string) => void {
  const cache = new InventoryCache(directory, log);
  const restore = (): void => {
    for (const [socket, subscription] of subscriptions) {
      if (subscription.isComplete) continue;
      const cached = cache.has(socket) ? cache.read(socket) : NOTHING;
      if (cached === NOTHING) {
        log("warn", "agent.skipped", { socket, reason: "never connected; start it to route its containers" });
      }
      if (cached) subscription.restore(cached);
    }
  };
  const timer = setTimeout(restore, patienceMs);
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  return (socket) => {
    const subscription = subscriptions.get(socket);
    if (!subscription?.isComplete) return;
    cache.changed(socket, () => ({
      dockerHost: subscription.state.dockerHost,
      absentSince: subscription.state.absentSince,
      containers: subscription.known.map(({ container }) => container),
    }));
  };
}
