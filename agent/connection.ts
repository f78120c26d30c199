import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import type { JSONRPCServer } from "json-rpc-2.0";
import { encodeFrame, FrameError, FrameReader, MAX_REQUEST_BYTES, MAX_RESPONSE_BYTES } from "../shared/frame.ts";
import { wireErrors } from "../shared/rpc.ts";
import type { AuditTrail } from "./audit.ts";
import { readRequest, type SessionState, type Violation } from "./request.ts";
import { tokenBucket } from "./token-bucket.ts";

/** Milliseconds for the first request, and for the rest of a frame that has begun. */
const FRAME_MS = 2_000;

/** Milliseconds without any request; a renderer asks for the agent's health more often. */
const IDLE_MS = 60_000;

/** Bytes that may wait in the buffer of a connection: one frame is let in, then it must drain. */
const MAX_BUFFERED = 4 * MAX_RESPONSE_BYTES;

/** Milliseconds a reader may leave a full buffer unread before it is dropped. */
const STALLED_MS = 10_000;

/** One peer, from accept to close. Any violation ends it, is recorded, and touches nobody else. */
export class Connection {
  readonly number: number;
  readonly socket: Socket;
  readonly #rpc: JSONRPCServer<Connection>;
  readonly #audit: AuditTrail;
  readonly #reader = new FrameReader(MAX_REQUEST_BYTES);
  readonly #mayAsk = tokenBucket(10, 20);
  #state: SessionState = "new";
  #isBusy = false;
  #deadline: NodeJS.Timeout | undefined;
  #stalled: NodeJS.Timeout | undefined;
  /** Why we ended it; undefined while we have not. */
  #endReason: string | undefined;

  constructor(number: number, socket: Socket, rpc: JSONRPCServer<Connection>, audit: AuditTrail) {
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

  /** Hands one message to the socket. Whoever sends much heeds `socket.writableNeedDrain`. */
  send(message: object): void {
    if (!this.socket.writable) return;
    if (this.socket.writableLength > MAX_BUFFERED) return this.drop("rpc.stalled");
    if (this.socket.write(frame(message))) return;
    this.#stalled ??= setTimeout(() => this.drop("rpc.stalled"), STALLED_MS).unref();
  }

  /** Ends the connection for a reason of the trail; with an answer, a fixed text and where the trail has the record. */
  drop(reason: string, answer?: Pick<Violation, "error" | "id">): void {
    // It is gone, or was dropped before and has not read its answer yet.
    if (this.socket.destroyed || this.#endReason !== undefined) return void this.socket.destroy();
    this.#endReason = reason;
    const correlation = randomBytes(6).toString("hex");
    if (reason !== "ok") this.#audit.append("rpc.violation", "deny", reason, { conn: this.number, correlation });
    if (!answer) return void this.socket.destroy();
    const error = { ...answer.error, data: { correlation } };
    this.socket.end(frame({ jsonrpc: "2.0", id: answer.id, error }), () => this.socket.destroy());
    this.#expect("rpc.slow", FRAME_MS);
  }

  #receive(chunk: Buffer): void {
    if (this.#endReason !== undefined) return;
    // The time of a frame is from its first byte: whoever drips gains none.
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
    if (!this.#mayAsk()) return this.drop("rpc.rate", { error: wireErrors.rate, id: null });
    const read = readRequest(text, this.#state);
    if ("reason" in read) return this.drop(read.reason, read);
    this.#isBusy = true;
    this.#state = read.next;
    void this.#answer(read.request.id, this.#rpc.receive({ ...read.request, params: read.request.params ?? {} }, this));
  }

  /** The library never rejects for a request of this shape; if it did, it would be our fault. */
  async #answer(id: number, pending: PromiseLike<object | null>): Promise<void> {
    try {
      this.send((await pending) ?? {});
      this.#isBusy = false;
    } catch {
      this.drop("rpc.internal", { error: wireErrors.internal, id });
    }
  }

  /** The time for what the peer has to send, or to read, next. */
  #expect(reason: string, ms: number): void {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.drop(reason), ms);
  }

  #clearStalled(): void {
    clearTimeout(this.#stalled);
    this.#stalled = undefined;
  }
}

function frame(message: object): Buffer {
  return encodeFrame(JSON.stringify(message), MAX_RESPONSE_BYTES);
}
