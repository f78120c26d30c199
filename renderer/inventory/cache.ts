import { createHash } from "node:crypto";
import { join } from "node:path";
import * as z from "zod";
import type { Log } from "../../shared/log.ts";
import { HostLabel } from "../../shared/rpc.ts";
import { Container, MAX_CONTAINERS } from "../../shared/snapshot.ts";
import { CacheFile } from "./cache-file.ts";

/** The file of one agent: the same shapes as in the RPC contract, and checked as strictly. */
const AgentFile = z.strictObject({
  socket: z.string(),
  host: HostLabel,
  containers: z.array(Container).max(MAX_CONTAINERS),
  absentSince: z.int().optional(),
});

/** The last known inventory of one agent. */
export interface CachedInventory {
  readonly dockerHost: string;
  readonly containers: readonly Container[];
  /** When the agent disconnected, in milliseconds since the epoch; undefined if it was connected. */
  readonly absentSince?: number | undefined;
}

/** Milliseconds between two writes of one file, which is too large to write on every event. */
const WRITE_INTERVAL_MS = 5_000;

/** Caches the inventory of each agent in a file. A lost file costs no more than a restart without that agent. */
export class InventoryCache {
  readonly #directory: string;
  readonly #log: Log;
  readonly #files = new Map<string, CacheFile<z.infer<typeof AgentFile>>>();

  constructor(directory: string, log: Log) {
    this.#directory = directory;
    this.#log = log;
  }

  /** Returns undefined if the agent has no file, or an invalid one. */
  read(socket: string): CachedInventory | undefined {
    const file = this.#fileOf(socket);
    const found = file.read();
    if (found.kind === "damaged") {
      const reason = `${found.reason}; the renderer waits for the agent`;
      this.#log("warn", "cache.discarded", { path: file.path, reason });
    }
    if (found.kind !== "value" || found.value.socket !== socket) return undefined;
    const { host: dockerHost, containers, absentSince } = found.value;
    return { dockerHost, containers, absentSince };
  }

  /** Returns whether the agent has a file, valid or not. */
  has(socket: string): boolean {
    return this.#fileOf(socket).exists;
  }

  /** Schedules a write. The first one of an agent is immediate, so that the agent is known to exist. */
  changed(socket: string, current: () => CachedInventory): void {
    this.#fileOf(socket).changed(() => {
      const { dockerHost: host, containers, absentSince } = current();
      return { socket, host, containers: [...containers], ...(absentSince !== undefined && { absentSince }) };
    });
  }

  /** Writes what is scheduled, and resolves when it is on disk. */
  async flush(): Promise<void> {
    await Promise.all([...this.#files.values()].map(async (file) => await file.flush()));
  }

  #fileOf(socket: string): CacheFile<z.infer<typeof AgentFile>> {
    const name = `agent-${createHash("sha256").update(socket).digest("hex").slice(0, 16)}.json`;
    const known = this.#files.get(socket);
    const file = known ?? new CacheFile(join(this.#directory, name), AgentFile, WRITE_INTERVAL_MS, this.#log);
    this.#files.set(socket, file);
    return file;
  }
}
