import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import type { JSONRPCServer } from "json-rpc-2.0";
import { encodeFrame, FrameError, FrameReader, MAX_REQUEST_BYTES, MAX_RESPONSE_BYTES } from "../shared/frame.ts";
import { wireErrors } from "../shared/rpc.ts";
import type { AuditTrail } from "./audit.ts";
import { readRequest, type Violation } from "./request.ts";
import type { SessionState } from "./session.ts";
import type { Sink } from "./subscriber.ts";
import { TokenBucket } from "./token-bucket.ts";

/** Milliseconds for the first request, and for the rest of a frame that has begun. */
const FRAME_MS = 2_000;

/** Milliseconds without any request; a renderer asks for the agent's health more often. */
const IDLE_MS = 60_000;

/** Bytes that may wait in the buffer of a connection: one frame is let in, then it must drain. */
const MAX_BUFFERED = 4 * MAX_RESPONSE_BYTES;

export interface ConnectionOptions {
  readonly number: number;
  readonly socket: Socket;
  readonly rpc: JSONRPCServer<Connection>;
  readonly audit: AuditTrail;
  readonly onClose: () => void;
}

/** One peer, from accept to close. Any violation ends it, is recorded, and touches nobody else. */
export class Connection implements Sink {
  readonly number: number;
  readonly #socket: Socket;
  readonly #rpc: JSONRPCServer<Connection>;
  readonly #audit: AuditTrail;
  readonly #reader = new FrameReader(MAX_REQUEST_BYTES);
  readonly #bucket = new TokenBucket(10, 20);
  #state: SessionState = "new";
  #isBusy = false;
  #deadline: NodeJS.Timeout;
  #endReason = "ok";

  constructor({ number, socket, rpc, audit, onClose }: ConnectionOptions) {
    this.number = number;
    this.#socket = socket;
    this.#rpc = rpc;
    this.#audit = audit;
    audit.append("rpc.connect", "allow", "ok", { conn: number });
    this.#deadline = setTimeout(() => this.drop("rpc.slow"), FRAME_MS);
    socket.on("data", (chunk) => this.#receive(chunk));
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      clearTimeout(this.#deadline);
      audit.append("rpc.close", "note", this.#endReason, { conn: number });
      onClose();
    });
  }

  get isSubscribed(): boolean {
    return this.#state === "subscribed";
  }

  send(frame: Buffer): boolean {
    if (this.#socket.writableLength > MAX_BUFFERED) this.drop("rpc.stalled");
    return this.#socket.write(frame);
  }

  onDrain(callback: () => void): void {
    this.#socket.on("drain", callback);
  }

  /** Ends the connection for a reason of the trail. */
  drop(reason: string): void {
    if (this.#socket.destroyed) return;
    this.#endReason = reason;
    if (reason !== "ok") this.#audit.append("rpc.violation", "deny", reason, { conn: this.number });
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    try {
      for (const text of this.#reader.push(chunk)) {
        if (this.#socket.destroyed) return;
        this.#handle(text);
      }
    } catch (error) {
      this.drop(error instanceof FrameError ? `rpc.${error.code}` : "rpc.internal");
    }
    this.#watch();
  }

  #handle(text: string): void {
    if (this.#isBusy) return this.#refuse({ reason: "rpc.busy", error: wireErrors.busy, id: null });
    if (!this.#bucket.take(performance.now())) {
      return this.#refuse({ reason: "rpc.rate", error: wireErrors.rate, id: null });
    }
    const read = readRequest(text, this.#state);
    if ("reason" in read) return this.#refuse(read);
    this.#isBusy = true;
    this.#state = read.next;
    void this.#answer(read.request.id, this.#rpc.receive({ ...read.request, params: read.request.params ?? {} }, this));
  }

  /** The library never rejects for a request of this shape; if it did, it would be our fault. */
  async #answer(id: number, pending: PromiseLike<unknown>): Promise<void> {
    try {
      const response = await pending;
      this.#isBusy = false;
      if (!this.#socket.destroyed) this.send(encodeFrame(JSON.stringify(response), MAX_RESPONSE_BYTES));
    } catch {
      this.#refuse({ reason: "rpc.shape", error: wireErrors.internal, id });
    }
  }

  /** Tells the peer a fixed text and where the trail has the record, and cuts it off. */
  #refuse({ reason, error, id }: Violation): void {
    if (this.#socket.destroyed) return;
    const correlation = randomBytes(6).toString("hex");
    this.#endReason = reason;
    this.#audit.append("rpc.violation", "deny", reason, { conn: this.number, correlation });
    const response = { jsonrpc: "2.0", id, error: { ...error, data: { correlation } } };
    this.#socket.end(encodeFrame(JSON.stringify(response), MAX_RESPONSE_BYTES), () => this.#socket.destroy());
  }

  #watch(): void {
    clearTimeout(this.#deadline);
    if (this.#socket.destroyed) return;
    const isSlow = this.#reader.midFrame || this.#state === "new";
    this.#deadline = setTimeout(() => this.drop(isSlow ? "rpc.slow" : "rpc.idle"), isSlow ? FRAME_MS : IDLE_MS);
  }
}
