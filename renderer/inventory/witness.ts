import { createHash } from "node:crypto";
import { join } from "node:path";
import * as z from "zod";
import type { Log } from "../../shared/log.ts";
import { HashRange, parseCheckpoint } from "../../shared/merkle.ts";
import { notifications, type NotificationParams } from "../../shared/rpc.ts";
import { CacheFile } from "./cache-file.ts";

const { checkpoint, hashes } = notifications["audit.checkpoint"].shape;

/** Last checkpoint of an agent's audit trail, and the right edge of its tree. */
const Witnessed = z.strictObject({ socket: z.string(), checkpoint, hashes });
type Held = z.infer<typeof Witnessed>;

/**
 * Remembers the last checkpoint of an agent's audit trail, also across restarts, and demands of each new one a proof that
 * the trail was only appended to. After a failed proof the old checkpoint is kept, as evidence.
 */
export class Witness {
  readonly #socket: string;
  readonly #file: CacheFile<Held> | undefined;
  readonly #log: Log;
  #held: Held | undefined;
  #error: string | undefined;

  /** Without a directory the checkpoint is remembered until the renderer stops. */
  constructor(socket: string, directory: string | undefined, log: Log) {
    const name = createHash("sha256").update(socket).digest("hex").slice(0, 16);
    this.#socket = socket;
    this.#file =
      directory === undefined
        ? undefined
        : new CacheFile(join(directory, `checkpoint-${name}.json`), Witnessed, 0, log);
    this.#log = log;
    const found = this.#file?.read();
    if (found?.kind === "damaged") {
      const reason = `${found.reason}; the agent's next checkpoint is trusted`;
      log("warn", "cache.discarded", { path: this.#file?.path, reason });
    }
    if (found?.kind === "value" && found.value.socket === socket) this.#held = found.value;
  }

  /** Size of the tree in the last checkpoint. */
  get size(): number {
    return this.#held ? (parseCheckpoint(this.#held.checkpoint)?.size ?? 0) : 0;
  }

  /** Why the trail is not the one of the last checkpoint, and what to do. */
  get error(): string | undefined {
    return this.#error;
  }

  /** Verifies a checkpoint, and remembers it if it extends the last one. */
  async verify(received: NotificationParams<"audit.checkpoint">): Promise<void> {
    // After a failed proof, the agent proves the next checkpoints from the one that was not accepted.
    if (this.#error !== undefined && received.since > 0 && received.since !== this.size) return;
    const range = extend(this.#held, this.size, received);
    if (typeof range !== "string") {
      const held = { socket: this.#socket, checkpoint: received.checkpoint, hashes: range.toJSON() };
      this.#held = held;
      this.#error = undefined;
      this.#file?.changed(() => held);
      return await this.#file?.flush();
    }
    const file = this.#file ? `remove ${this.#file.path} and ` : "";
    const error = `the audit trail ${range}; verify it with sallyport-audit; to accept it, ${file}restart the renderer`;
    if (error !== this.#error) {
      const { checkpoint: held } = this.#held ?? {};
      this.#log("error", "audit.forked", { socket: this.#socket, error, held, received: received.checkpoint });
    }
    this.#error = error;
  }
}

/** Returns the right edge of the received tree, or why it does not extend the held one. */
function extend(
  held: Held | undefined,
  heldSize: number,
  { since, size, checkpoint, hashes }: NotificationParams<"audit.checkpoint">,
): HashRange | string {
  const parsed = parseCheckpoint(checkpoint);
  const start =
    since === 0 ? new HashRange() : since === heldSize ? HashRange.of(0, since, held?.hashes ?? []) : undefined;
  const added = HashRange.of(since, size, hashes);
  if (parsed?.size !== size || !start || !added) return "has an invalid checkpoint";
  start.extend(added);
  if (start.root().toString("base64") !== parsed.root) return `is not the one of ${heldSize} records seen before`;
  if (since === heldSize) return start;
  if (size < heldSize) return `has ${size} records, fewer than the ${heldSize} seen before`;
  if (size === heldSize && parsed.root === parseCheckpoint(held?.checkpoint ?? "")?.root) return start;
  return `cannot be proven to contain the ${heldSize} records seen before`;
}
