import * as net from "node:net";
import { Assembly } from "../../renderer/inventory/assembly.ts";
import { type Gap, StateCopy } from "../../renderer/inventory/state-copy.ts";
import { encodeFrame, FrameReader, MAX_RESPONSE_BYTES } from "../../shared/frame.ts";
import { AgentMessage, notifications } from "../../shared/rpc.ts";
import type { Container } from "../../shared/snapshot.ts";
import { eventually } from "../eventually.ts";

/** A peer of the agent that can behave, and misbehave. Keeps every byte that came. */
export class RpcClient {
  readonly socket: net.Socket;
  readonly messages: AgentMessage[] = [];
  bytes = "";
  isClosed = false;
  readonly #replica: StateCopy;
  #assembly: Assembly | undefined;
  #lastId = 0;
  readonly #reader = new FrameReader(MAX_RESPONSE_BYTES);

  /** `held` is what an earlier connection was told. */
  constructor(path: string, held = new StateCopy("/agent.sock")) {
    this.#replica = held;
    this.socket = net.connect(path);
    this.socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    this.socket.on("error", () => this.socket.destroy());
    this.socket.on("close", () => (this.isClosed = true));
  }

  /** Says hello and subscribes; resolves with the first complete snapshot. */
  static async subscribe(path: string): Promise<RpcClient> {
    const client = new RpcClient(path);
    await client.ask("hello", { protocol: { min: 1, max: 1 } });
    await client.ask("subscribe", {});
    await eventually("a snapshot came", () => client.replica !== undefined);
    return client;
  }

  /** What is held; undefined until a complete snapshot came. */
  get replica(): StateCopy | undefined {
    return this.#replica.generation > 0 ? this.#replica : undefined;
  }

  get containers(): Container[] {
    return [...this.#replica.known].map(({ container }) => container);
  }

  named(name: string): Container | undefined {
    return this.containers.find((container) => container.name === name);
  }

  write(bytes: Buffer | string): void {
    this.socket.write(bytes);
  }

  /** A frame with any text. */
  sendText(text: string): void {
    this.write(encodeFrame(text, 16 * 1024 * 1024));
  }

  async ask(method: string, params: unknown): Promise<AgentMessage> {
    const id = ++this.#lastId;
    this.sendText(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    const answer = await eventually(
      `an answer to ${method}`,
      () => this.messages.find((message) => "id" in message && message.id === id) ?? (this.isClosed && "closed"),
    );
    if (answer === "closed") throw new Error("the agent closed the connection");
    if (method === "hello" && "result" in answer)
      this.#assembly = new Assembly((answer.result as { instance: string }).instance);
    return answer;
  }

  async closed(): Promise<void> {
    await eventually("the agent closed the connection", () => this.isClosed);
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
    const containers = this.#assembly?.add(part, this.#replica);
    if (!containers || "gap" in containers) return containers;
    this.#replica.replace({ ...part, host: "local", containers });
    return undefined;
  }

  #follow(method: string, params: unknown): Gap | undefined {
    if (method !== "snapshot.delta") return undefined;
    const told = this.#replica.apply(notifications["snapshot.delta"].parse(params));
    return "gap" in told ? told : undefined;
  }
}
