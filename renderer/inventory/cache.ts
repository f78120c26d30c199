import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import type { Log } from "../../shared/log.ts";
import { HostLabel } from "../../shared/rpc.ts";
import { Container, MAX_CONTAINERS } from "../../shared/snapshot.ts";
import { safeWrite } from "../disk/safe-write.ts";

/** What one agent told, as it is kept in a file: same shapes as on the wire, and read as carefully. */
const CachedInventory = z.strictObject({
  socket: z.string(),
  host: HostLabel,
  containers: z.array(Container).max(MAX_CONTAINERS),
});

export type CachedInventory = z.infer<typeof CachedInventory>;

/** Milliseconds between two writings: a file of all containers is not worth one for every event. */
const EVERY_MS = 5_000;

/** What containers disclose is for this process alone. */
const OWN = { mode: 0o600 };

/**
 * Keeps what agents told in files, one for each, so that a renderer that starts while one of several agents is away
 * can go on with what that one told last. Losing a file loses no more than that.
 */
export class InventoryCache {
  readonly #directory: string;
  readonly #log: Log;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #lastProblem = "";

  constructor(directory: string, log: Log) {
    this.#directory = directory;
    this.#log = log;
  }

  /** What this agent told last; undefined when that is not known, or not to be read. */
  read(socket: string): CachedInventory | undefined {
    const file = this.#fileOf(socket);
    try {
      const found = CachedInventory.parse(JSON.parse(readFileSync(file, "utf8")));
      return found.socket === socket ? found : undefined;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "ENOENT") this.#log("warn", "memory.unreadable", { file, reason: code ?? "not what was written" });
      return undefined;
    }
  }

  /** Whether this agent ever told anything, be it readable or not. */
  isOf(socket: string): boolean {
    return existsSync(this.#fileOf(socket));
  }

  /** Has what this agent tells written soon; what it tells for the first time at once, so that it is known to exist. */
  changed(socket: string, now: () => Omit<CachedInventory, "socket">): void {
    if (this.#timers.has(socket)) return;
    const write = (): void => {
      this.#timers.delete(socket);
      void this.#write(socket, now());
    };
    this.#timers.set(socket, setTimeout(write, this.isOf(socket) ? EVERY_MS : 0).unref());
  }

  async #write(socket: string, told: Omit<CachedInventory, "socket">): Promise<void> {
    try {
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
      await safeWrite(this.#fileOf(socket), Buffer.from(JSON.stringify({ socket, ...told })), "nothing", OWN);
      this.#lastProblem = "";
    } catch (error) {
      const reason = error instanceof Error ? error.message : "unknown";
      if (reason !== this.#lastProblem) this.#log("warn", "memory.unwritable", { directory: this.#directory, reason });
      this.#lastProblem = reason;
    }
  }

  #fileOf(socket: string): string {
    return join(this.#directory, `agent-${createHash("sha256").update(socket).digest("hex").slice(0, 16)}.json`);
  }
}
