import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import type { JSONRPCServer } from "json-rpc-2.0";
import { encodeFrame, FrameError, FrameReader, MAX_REQUEST_BYTES, MAX_RESPONSE_BYTES } from "../shared/frame.ts";
import { wireErrors } from "../shared/rpc.ts";
import type { AuditTrail } from "./audit.ts";
import { readRequest, type SessionState, type Violation } from "./request.ts";
import { tokenBucket } from "./token-bucket.ts";

/** Deadline in milliseconds for the first request, and for the rest of a frame that has started. */
export const FRAME_MS = 2_000;

/** Deadline in milliseconds for a subscription. A health check takes much less; other peers must make room. */
export const UNSUBSCRIBED_MS = 5_000;

/** Idle timeout in milliseconds. Renderers request the agent's health more often than this. */
export const IDLE_MS = 60_000;

/** Bytes that may be buffered for a connection before it is closed. */
const MAX_BUFFERED = 4 * MAX_RESPONSE_BYTES;

/** Requests per second on average, and the burst. */
export const REQUEST_RATE = { perSecond: 10, burst: 20 };

/** Milliseconds a full buffer may stay undrained before the connection is closed. */
export const STALLED_MS = 10_000;

/** One connection. Any violation is recorded and closes it; other connections are not affected. */
export class Connection {
  readonly number: number;
  readonly socket: Socket;
  readonly #rpc: JSONRPCServer<Connection>;
  readonly #audit: Pick<AuditTrail, "append">;
  readonly #reader = new FrameReader(MAX_REQUEST_BYTES);
  readonly #mayRequest = tokenBucket(REQUEST_RATE.perSecond, REQUEST_RATE.burst);
  readonly #openedAt = performance.now();
  #state: SessionState = "new";
  #isBusy = false;
  #deadline: NodeJS.Timeout | undefined;
  #stalled: NodeJS.Timeout | undefined;
  /** Reason code once the agent has closed the connection. */
  #endReason: string | undefined;

  constructor(number: number, socket: Socket, rpc: JSONRPCServer<Connection>, audit: Pick<AuditTrail, "append">) {
    this.number = number;
    this.socket = socket;
    this.#rpc = rpc;
    this.#audit = audit;
    audit.append("rpc.connect", "allow", "ok", { conn: number });
    this.#expect("rpc.slow", FRAME_MS);
    socket.on("data", (chunk) => this.#receive(chunk));
    socket.on("drain", () => this.#clearStalled());
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      clearTimeout(this.#deadline);
      this.#clearStalled();
      audit.append("rpc.close", "note", this.#endReason ?? "ok", { conn: number });
    });
  }

  get isSubscribed(): boolean {
    return this.#state === "subscribed";
  }

  /** Sends one message. Bulk senders must check `socket.writableNeedDrain`. */
  send(message: object): void {
    if (!this.socket.writable) return;
    if (this.socket.writableLength > MAX_BUFFERED) return this.drop("rpc.stalled");
    if (this.socket.write(frame(message))) return;
    this.#stalled ??= setTimeout(() => this.drop("rpc.stalled"), STALLED_MS).unref();
  }

  /** Closes the connection and records the reason. An error response has a fixed text and the correlation id of the record. */
  drop(reason: string, response?: Pick<Violation, "error" | "id">): void {
    // Already closed, or dropped earlier and still flushing its error response.
    if (this.socket.destroyed || this.#endReason !== undefined) return void this.socket.destroy();
    this.#endReason = reason;
    const correlation = randomBytes(6).toString("hex");
    const fields = { conn: this.number, correlation };
    const isRecorded = reason !== "ok" && this.#audit.append("rpc.violation", "deny", reason, fields);
    if (!response) return void this.socket.destroy();
    const error = { ...response.error, ...(isRecorded && { data: { correlation } }) };
    this.socket.end(frame({ jsonrpc: "2.0", id: response.id, error }), () => this.socket.destroy());
    this.#expect("rpc.slow", FRAME_MS);
  }

  #receive(chunk: Buffer): void {
    if (this.#endReason !== undefined) return;
    // The deadline starts at the first byte, so a peer that sends single bytes does not extend it.
    if (!this.#reader.midFrame && this.#state !== "new") this.#expect("rpc.slow", FRAME_MS);
    try {
      for (const text of this.#reader.push(chunk)) {
        this.#handle(text);
        if (this.#endReason !== undefined) return;
        this.#expect("rpc.slow", FRAME_MS);
      }
    } catch (error) {
      return this.drop(error instanceof FrameError ? `rpc.${error.code}` : "rpc.internal");
    }
    if (!this.#reader.midFrame) this.#expect("rpc.idle", IDLE_MS);
  }

  #handle(text: string): void {
    if (this.#isBusy) return this.drop("rpc.busy", { error: wireErrors.busy, id: null });
    if (!this.#mayRequest()) return this.drop("rpc.rate", { error: wireErrors.rate, id: null });
    const read = readRequest(text, this.#state);
    if ("reason" in read) return this.drop(read.reason, read);
    this.#isBusy = true;
    this.#state = read.next;
    void this.#reply(read.request.id, this.#rpc.receive({ ...read.request, params: read.request.params ?? {} }, this));
  }

  /** The library should never reject a validated request. If it does, the peer receives an internal error. */
  async #reply(id: number, pending: PromiseLike<object | null>): Promise<void> {
    try {
      this.send((await pending) ?? {});
      this.#isBusy = false;
    } catch {
      this.drop("rpc.internal", { error: wireErrors.internal, id });
    }
  }

  /** Restarts the deadline for the peer's next frame, or for reading the last response. */
  #expect(reason: string, ms: number): void {
    const left = this.isSubscribed ? ms : this.#openedAt + UNSUBSCRIBED_MS - performance.now();
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.drop(left < ms ? "rpc.unsubscribed" : reason), Math.min(ms, left));
  }

  #clearStalled(): void {
    clearTimeout(this.#stalled);
    this.#stalled = undefined;
  }
}

function frame(message: object): Buffer {
  return encodeFrame(JSON.stringify(message), MAX_RESPONSE_BYTES);
}
