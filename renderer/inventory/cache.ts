import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import type { Log } from "../../shared/log.ts";
import { HostLabel } from "../../shared/rpc.ts";
import { Container, MAX_CONTAINERS } from "../../shared/snapshot.ts";
import { safeWrite } from "../disk/safe-write.ts";

/** The file of one agent: the same shapes as in the RPC contract, and checked as strictly. */
const CacheFile = z.strictObject({
  socket: z.string(),
  host: HostLabel,
  containers: z.array(Container).max(MAX_CONTAINERS),
});

/** The last known inventory of one agent. */
export interface CachedInventory {
  readonly dockerHost: string;
  readonly containers: readonly Container[];
}

/** Milliseconds between two writes of one file, which is too large to write on every event. */
const WRITE_INTERVAL_MS = 5_000;

/** Only this process may read what containers disclose. */
const OWN = { mode: 0o600 };

/** Caches the inventory of each agent in a file. A lost file costs no more than a restart without that agent. */
export class InventoryCache {
  readonly #directory: string;
  readonly #log: Log;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #lastError = "";

  constructor(directory: string, log: Log) {
    this.#directory = directory;
    this.#log = log;
  }

  /** Returns undefined if the agent has no file, or an invalid one. */
  read(socket: string): CachedInventory | undefined {
    const path = this.#pathOf(socket);
    try {
      const { socket: written, host, containers } = CacheFile.parse(JSON.parse(readFileSync(path, "utf8")));
      return written === socket ? { dockerHost: host, containers } : undefined;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "ENOENT") return undefined;
      const reason = code === undefined ? "not a valid inventory; the agent is awaited" : `cannot be read (${code})`;
      this.#log("warn", "cache.discarded", { path, reason });
      return undefined;
    }
  }

  /** Returns whether the agent has a file, valid or not. */
  has(socket: string): boolean {
    return existsSync(this.#pathOf(socket));
  }

  /** Schedules a write. The first one of an agent is immediate, so that the agent is known to exist. */
  changed(socket: string, current: () => CachedInventory): void {
    if (this.#timers.has(socket)) return;
    const write = (): void => {
      this.#timers.delete(socket);
      void this.#write(socket, current());
    };
    this.#timers.set(socket, setTimeout(write, this.has(socket) ? WRITE_INTERVAL_MS : 0).unref());
  }

  async #write(socket: string, { dockerHost, containers }: CachedInventory): Promise<void> {
    const file: z.infer<typeof CacheFile> = { socket, host: dockerHost, containers: [...containers] };
    try {
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
      await safeWrite(this.#pathOf(socket), Buffer.from(JSON.stringify(file)), "nothing", OWN);
      this.#lastError = "";
    } catch (caught) {
      const error = caught instanceof Error ? caught.message : "unknown";
      if (error !== this.#lastError) this.#log("warn", "cache.failed", { path: this.#directory, error });
      this.#lastError = error;
    }
  }

  #pathOf(socket: string): string {
    return join(this.#directory, `agent-${createHash("sha256").update(socket).digest("hex").slice(0, 16)}.json`);
  }
}
