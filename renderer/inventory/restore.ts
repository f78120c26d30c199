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
  /**
   * Milliseconds after which the containers of an agent receive no requests. The only agent is restored no earlier: until
   * then the live files are better than a cache that may be older.
   */
  readonly staleAfterMs?: number | undefined;
}

/** Keeps the cache up to date. */
export interface CacheUpdates {
  /** Call it with the socket of each agent whose inventory changed, or that disconnected. */
  readonly update: (socket: string) => void;
  /** Writes what is scheduled, and resolves when it is on disk. */
  readonly flush: () => Promise<void>;
}

/** Longest delay of a timer, in milliseconds. */
const MAX_DELAY_MS = 2_147_483_647;

/**
 * Restores absent agents from the cache of an earlier renderer, so that one absent agent does not block the others.
 * An agent without a cache has never contributed containers, so none can be lost. An agent that does not know the tasks of
 * its swarm gets those in the cache.
 */
export function restoreAbsent(
  subscriptions: ReadonlyMap<string, Subscription>,
  { directory, patienceMs, staleAfterMs = 0 }: RestoreOptions,
  log: Log,
  signal: AbortSignal,
): CacheUpdates {
  const cache = new InventoryCache(directory, log);
  const [only] = subscriptions.size === 1 ? [...subscriptions.keys()] : [];
  for (const [socket, subscription] of subscriptions) subscription.readCache = () => cache.read(socket);
  const restore = (): void => {
    for (const [socket, subscription] of subscriptions) {
      if (subscription.isComplete) continue;
      const cached = cache.has(socket) ? cache.read(socket) : NOTHING;
      // Without its only agent, no file is better than an empty one.
      if (cached === NOTHING && only !== undefined) continue;
      if (cached === NOTHING) {
        log("warn", "agent.skipped", { socket, reason: "never connected; start it to route its containers" });
      }
      if (cached) subscription.restore(cached);
    }
  };
  const { absentSince = Date.now() } = (only !== undefined && cache.has(only) && cache.read(only)) || {};
  const delay = only === undefined ? patienceMs : Math.max(patienceMs, absentSince + staleAfterMs - Date.now());
  const timer = setTimeout(restore, Math.min(delay, MAX_DELAY_MS));
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  const update = (socket: string): void => {
    const subscription = subscriptions.get(socket);
    if (!subscription?.isComplete) return;
    cache.changed(socket, () => ({
      dockerHost: subscription.state.dockerHost,
      absentSince: subscription.state.absentSince,
      containers: subscription.known.map(({ container }) => container),
    }));
  };
  return { update, flush: async () => await cache.flush() };
}
