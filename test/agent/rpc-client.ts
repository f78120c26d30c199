import * as net from "node:net";
import { Assembly } from "../../renderer/inventory/assembly.ts";
import { type Gap, StateCopy } from "../../renderer/inventory/state-copy.ts";
import { encodeFrame, FrameReader, MAX_RESPONSE_BYTES } from "../../shared/frame.ts";
import { AgentMessage, notifications, PROTOCOL } from "../../shared/rpc.ts";
import type { Container } from "../../shared/snapshot.ts";
import { eventually } from "../eventually.ts";

/** An RPC peer that can follow or violate the protocol. Records every received byte. */
export class RpcClient {
  readonly socket: net.Socket;
  readonly messages: AgentMessage[] = [];
  bytes = "";
  isClosed = false;
  readonly #stateCopy: StateCopy;
  #assembly: Assembly | undefined;
  #lastId = 0;
  readonly #reader = new FrameReader(MAX_RESPONSE_BYTES);

  /** `held` is the state copy of an earlier connection. */
  constructor(path: string, held = new StateCopy("/agent.sock")) {
    this.#stateCopy = held;
    this.socket = net.connect(path);
    this.socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    this.socket.on("error", () => this.socket.destroy());
    this.socket.on("close", () => (this.isClosed = true));
  }

  /** Sends hello and subscribe. Resolves when the first complete snapshot has arrived. */
  static async subscribe(path: string): Promise<RpcClient> {
    const client = new RpcClient(path);
    await client.call("hello", { protocol: { min: PROTOCOL, max: PROTOCOL } });
    await client.call("subscribe", {});
    await eventually("a snapshot arrives", () => client.stateCopy !== undefined);
    return client;
  }

  /** The state copy; undefined until a complete snapshot has arrived. */
  get stateCopy(): StateCopy | undefined {
    return this.#stateCopy.generation > 0 ? this.#stateCopy : undefined;
  }

  get containers(): Container[] {
    return [...this.#stateCopy.known].map(({ container }) => container);
  }

  named(name: string): Container | undefined {
    return this.containers.find((container) => container.name === name);
  }

  write(bytes: Buffer | string): void {
    this.socket.write(bytes);
  }

  /** Sends one frame with arbitrary text. */
  sendText(text: string): void {
    this.write(encodeFrame(text, 16 * 1024 * 1024));
  }

  /** Sends a request and resolves with the response. */
  async call(method: string, params: unknown): Promise<AgentMessage> {
    const id = ++this.#lastId;
    this.sendText(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    const response = await eventually(
      `the agent responds to ${method}`,
      () => this.messages.find((message) => "id" in message && message.id === id) ?? (this.isClosed && "closed"),
    );
    if (response === "closed") throw new Error("the agent closed the connection");
    if (method === "hello" && "result" in response)
      this.#assembly = new Assembly((response.result as { instance: string }).instance);
    return response;
  }

  async closed(): Promise<void> {
    await eventually("the agent closes the connection", () => this.isClosed);
  }

  close(): void {
    this.socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.bytes += chunk.toString("latin1");
    for (const text of this.#reader.push(chunk)) {
      const message = AgentMessage.parse(JSON.parse(text));
      this.messages.push(message);
      if ("method" in message) this.#apply(message);
    }
  }

  #apply({ method, params }: { method: string; params: unknown }): void {
    const gap = method === "snapshot.part" ? this.#add(params) : this.#follow(method, params);
    if (gap) throw new Error(gap.gap);
  }

  #add(params: unknown): Gap | undefined {
    const part = notifications["snapshot.part"].parse(params);
    const containers = this.#assembly?.add(part, this.#stateCopy);
    if (!containers || "gap" in containers) return containers;
    this.#stateCopy.replace({ ...part, dockerHost: "local", containers });
    return undefined;
  }

  #follow(method: string, params: unknown): Gap | undefined {
    if (method !== "snapshot.delta") return undefined;
    const applied = this.#stateCopy.apply(notifications["snapshot.delta"].parse(params));
    return "gap" in applied ? applied : undefined;
  }
}
