import * as net from "node:net";
import { JSONRPCClient } from "json-rpc-2.0";
import { encodeFrame, FrameReader, MAX_REQUEST_BYTES, MAX_RESPONSE_BYTES } from "../../shared/frame.ts";
import {
  AgentMessage,
  type Method,
  methods,
  type Notification,
  type NotificationParams,
  type Result,
} from "../../shared/rpc.ts";
import { notifications, type Params } from "../../shared/rpc.ts";

/** Milliseconds an agent may take to answer any request. */
const ANSWER_MS = 5_000;

/** The agent broke the contract, or the connection broke. What is held stays as it is. */
export class LinkError extends Error {
  readonly code: "link.lost" | "link.silent" | "link.contract" | "link.refused";

  constructor(code: LinkError["code"], message: string) {
    super(message);
    this.code = code;
  }
}

export type Told = {
  [N in Notification]: { readonly method: N; readonly params: NotificationParams<N> };
}[Notification];

/** One connection to an agent. Everything that arrives is parsed before anything acts on it. */
export class AgentLink {
  readonly #socket: net.Socket;
  readonly #reader = new FrameReader(MAX_RESPONSE_BYTES);
  readonly #client: JSONRPCClient;
  readonly #onTold: (told: Told) => void;
  /** Rejects when the link is over; never resolves. */
  readonly ended: Promise<never>;
  #end: (error: LinkError) => void = () => undefined;

  constructor(socketPath: string, onTold: (told: Told) => void) {
    this.#onTold = onTold;
    this.ended = new Promise<never>((_resolve, reject) => {
      this.#end = reject;
    });
    this.ended.catch(() => undefined);
    this.#client = new JSONRPCClient((request) => {
      this.#socket.write(encodeFrame(JSON.stringify(request), MAX_REQUEST_BYTES));
    });
    this.#socket = net.connect(socketPath);
    this.#socket.on("data", (chunk) => this.#receive(chunk));
    this.#socket.on("error", (error: NodeJS.ErrnoException) => this.#fail("link.lost", error.code ?? "lost"));
    this.#socket.on("close", () => this.#fail("link.lost", "the agent closed the connection"));
  }

  /** Asks, and parses the answer. Rejects with LinkError. */
  async ask<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
    // While the link lives, the only way for a request to fail is time: refusals end the link.
    const asked = Promise.resolve(this.#client.timeout(ANSWER_MS).request(method, params)).catch(() => {
      throw new LinkError("link.silent", `no answer to ${method}`);
    });
    const answer: unknown = await Promise.race([asked, this.ended]);
    const parsed = methods[method].result.safeParse(answer);
    if (!parsed.success) throw new LinkError("link.contract", `the answer to ${method} is not what the contract says`);
    return parsed.data as Result<M>;
  }

  close(): void {
    this.#socket.destroy();
    this.#client.rejectAllPendingRequests("closed");
  }

  #receive(chunk: Buffer): void {
    try {
      for (const text of this.#reader.push(chunk)) this.#read(text);
    } catch (error) {
      this.#fail("link.contract", error instanceof Error ? error.message : "unreadable frame");
    }
  }

  #read(text: string): void {
    const message = AgentMessage.parse(JSON.parse(text));
    if (!("method" in message)) {
      if ("error" in message) this.#fail("link.refused", `${message.error.code} ${message.error.message}`);
      else this.#client.receive(message);
      return;
    }
    const { method } = message;
    if (!Object.hasOwn(notifications, method)) throw new LinkError("link.contract", `unknown notification`);
    const name = method as Notification;
    this.#onTold({ method: name, params: notifications[name].parse(message.params) } as Told);
  }

  #fail(code: LinkError["code"], message: string): void {
    this.#end(new LinkError(code, message));
    this.close();
  }
}
