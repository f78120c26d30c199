import * as net from "node:net";
import { encodeFrame, FrameReader } from "../../shared/frame.ts";
import { PROTOCOL } from "../../shared/rpc.ts";
import type { Container } from "../../shared/snapshot.ts";

export const INSTANCES = ["6f1b0a52-6a0e-4f0e-9d7e-0d6d5e1c0001", "6f1b0a52-6a0e-4f0e-9d7e-0d6d5e1c0002"] as const;

/** A running container whose id is one digit, over and over. */
export function container(digit: string, changes: Partial<Container> = {}): Container {
  return {
    id: digit.repeat(64),
    name: `app${digit}`,
    state: "running",
    health: "none",
    stopping: false,
    stale: false,
    unread: false,
    createdAt: 1,
    networks: [],
    ports: [],
    env: { VIRTUAL_HOST: `${digit}.example` },
    labels: {},
    fromImage: { read: true, env: [], labels: [] },
    withheld: { env: 0, labels: 0 },
    refused: [],
    ...changes,
  };
}

interface Asked {
  readonly id: number;
  readonly method: string;
  readonly params: { readonly since?: { readonly instance: string; readonly generation: number } };
}

/** An agent that sends what the test defines, to the last subscriber. */
export class FakeAgent {
  readonly #server: net.Server;
  #socket: net.Socket | undefined;
  instance: string = INSTANCES[0];
  host = "fake";
  subscriptions = 0;
  /** What a new subscriber receives at once. */
  first: Container[] = [container("a"), container("b")];
  lacksTasks = false;
  generation = 5;
  isMute = false;
  /** The generation that the last subscriber reported. */
  heldBySubscriber: number | undefined;

  constructor(path: string) {
    this.#server = net.createServer((socket) => this.#serve(socket)).listen(path);
  }

  send(method: string, params: object): void {
    this.write(
      encodeFrame(JSON.stringify({ jsonrpc: "2.0", method, params: { instance: this.instance, ...params } }), 1 << 20),
    );
  }

  /** Reports a change of the containers. */
  change(upserted: readonly Container[], removed: readonly string[] = []): void {
    this.send("snapshot.delta", { base: this.generation, generation: ++this.generation, upserted, removed });
  }

  write(bytes: Buffer | string): void {
    this.#socket?.write(bytes);
  }

  hangUp(): void {
    this.#socket?.destroy();
  }

  async close(): Promise<void> {
    this.hangUp();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: net.Socket): void {
    this.#socket = socket;
    const reader = new FrameReader(4_096);
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk) => {
      for (const text of reader.push(chunk)) this.#answer(JSON.parse(text) as Asked);
    });
  }

  #answer({ id, method, params }: Asked): void {
    if (this.isMute) return;
    const results: Record<string, object> = {
      hello: { protocol: PROTOCOL, instance: this.instance, host: this.host },
      subscribe: {},
      health: {
        docker: "connected",
        audit: "ok",
        generation: this.generation,
        containers: 2,
        overflow: 0,
        unreadable: 0,
      },
    };
    this.write(encodeFrame(JSON.stringify({ jsonrpc: "2.0", id, result: results[method] }), 1 << 20));
    if (method !== "subscribe") return;
    this.subscriptions += 1;
    this.heldBySubscriber = params.since?.generation;
    const more = this.lacksTasks ? { lacksTasks: true } : {};
    this.send("snapshot.part", { generation: this.generation, part: 0, parts: 1, ...more, containers: this.first });
  }
}
