import * as net from "node:net";
import { JSONRPCClient } from "json-rpc-2.0";
import { encodeFrame, FrameError, FrameReader, MAX_REQUEST_BYTES, MAX_RESPONSE_BYTES } from "../../shared/frame.ts";
import {
  AgentMessage,
  type Method,
  methods,
  type Notification,
  type NotificationParams,
  notifications,
  type Params,
  type Result,
} from "../../shared/rpc.ts";

/** Deadline for each response, in milliseconds. */
const RESPONSE_MS = 5_000;

/** The connection broke, or the agent broke the contract. */
export class LinkError extends Error {
  readonly code: "link.lost" | "link.silent" | "link.contract" | "link.refused";
  /** The system's error code, if the connection failed with one. */
  readonly errno: string | undefined;

  constructor(code: LinkError["code"], message: string, errno?: string) {
    super(message);
    this.code = code;
    this.errno = errno;
  }
}

export type AgentNotification = {
  [N in Notification]: { readonly method: N; readonly params: NotificationParams<N> };
}[Notification];

/** One connection to an agent. Everything it sends is parsed before use. */
export class AgentLink {
  readonly #socket: net.Socket;
  readonly #reader = new FrameReader(MAX_RESPONSE_BYTES);
  readonly #client: JSONRPCClient;
  readonly #onNotification: (notification: AgentNotification) => void;
  /** Rejects when the connection ends; never resolves. */
  readonly ended: Promise<never>;
  #end: (error: LinkError) => void = () => undefined;

  constructor(socketPath: string, onNotification: (notification: AgentNotification) => void) {
    this.#onNotification = onNotification;
    this.ended = new Promise<never>((_resolve, reject) => {
      this.#end = reject;
    });
    this.ended.catch(() => undefined);
    this.#client = new JSONRPCClient((request) => {
      this.#socket.write(encodeFrame(JSON.stringify(request), MAX_REQUEST_BYTES));
    });
    this.#socket = net.connect(socketPath);
    this.#socket.on("data", (chunk) => this.#receive(chunk));
    this.#socket.on("error", ({ code }: NodeJS.ErrnoException) => this.#fail("link.lost", messageOf(code), code));
    this.#socket.on("close", () => this.#fail("link.lost", "the agent closed the connection"));
  }

  /** Sends a request and parses the response. Rejects with LinkError. */
  async request<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
    // While the connection lasts, requests fail only by timeout: an error response ends the connection.
    const responded = Promise.resolve(this.#client.timeout(RESPONSE_MS).request(method, params)).catch(() => {
      throw new LinkError("link.silent", `no response to ${method} within ${RESPONSE_MS / 1_000} s`);
    });
    const response: unknown = await Promise.race([responded, this.ended]);
    const parsed = methods[method].result.safeParse(response);
    if (!parsed.success) throw new LinkError("link.contract", `the response to ${method} violates the contract`);
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
      this.#fail("link.contract", contractMessage(error));
    }
  }

  #read(text: string): void {
    const message = AgentMessage.parse(JSON.parse(text));
    if (!("method" in message)) {
      if ("error" in message)
        this.#fail("link.refused", `the agent rejected a request: ${message.error.message} (${message.error.code})`);
      else this.#client.receive(message);
      return;
    }
    const { method } = message;
    if (!Object.hasOwn(notifications, method))
      throw new LinkError("link.contract", "the agent sent an unknown notification");
    const name = method as Notification;
    this.#onNotification({ method: name, params: notifications[name].parse(message.params) } as AgentNotification);
  }

  #fail(code: LinkError["code"], message: string, errno?: string): void {
    this.#end(new LinkError(code, message, errno));
    this.close();
  }
}

const CONNECT_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: "no socket at this path",
  EACCES: "no permission to open the socket",
  ECONNREFUSED: "no process listens on the socket",
};

/** Messages of the parsers are for programs, except those of frames and of this file. */
function contractMessage(error: unknown): string {
  if (error instanceof FrameError || error instanceof LinkError) return error.message;
  return "the agent sent a message that violates the contract";
}

function messageOf(errno: string | undefined): string {
  if (errno === undefined) return "the connection broke";
  return `${errno}: ${CONNECT_ERRORS[errno] ?? "the connection broke"}`;
}
