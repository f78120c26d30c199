import * as net from "node:net";
import { JSONRPCErrorException, JSONRPCServer } from "json-rpc-2.0";
import { type Params, PROTOCOL, type Result, wireErrors } from "../shared/rpc.ts";
import { Connection } from "./connection.ts";
import { ConnectionRecords } from "./connection-records.ts";
import { feed, feedCheckpoints, type Source } from "./subscriber.ts";
import { tokenBucket } from "./token-bucket.ts";

/** Maximum subscribed connections. */
export const MAX_SUBSCRIBED = 8;

/** Maximum connections that are not subscribed. A new one closes the oldest, so that idle peers cannot occupy all places. */
export const MAX_UNSUBSCRIBED = 4;

/** Accepted connections per second on average, and the burst. */
export const CONNECT_RATE = { perSecond: 10, burst: 20 };

/** Subscriptions per second on average, and the burst. Each costs a complete snapshot and its record. */
export const SUBSCRIBE_RATE = { perSecond: 1, burst: 20 };

/** Serves RPC on a Unix socket for the agent's group. Every response comes from the agent's own state. */
export class RpcServer {
  readonly #audit: Source["audit"];
  readonly #records: ConnectionRecords;
  readonly #rpc: JSONRPCServer<Connection>;
  readonly #connections = new Set<Connection>();
  readonly #mayConnect = tokenBucket(CONNECT_RATE.perSecond, CONNECT_RATE.burst);
  readonly #maySubscribe = tokenBucket(SUBSCRIBE_RATE.perSecond, SUBSCRIBE_RATE.burst);
  readonly #server: net.Server;
  /** Connections of all servers, which have different numbers in the trail. */
  static #accepted = 0;
  #refused = 0;
  #refusedTimer: NodeJS.Timeout | undefined;

  /** `server` listens already. */
  constructor(source: Source, host: string, server: net.Server) {
    this.#audit = source.audit;
    this.#records = new ConnectionRecords(source.audit);
    this.#rpc = contract(source, host, () => this.#admits());
    this.#server = server.on("connection", (socket) => this.#accept(socket));
  }

  /** Resolves when every connection is closed and recorded. */
  async close(): Promise<void> {
    clearTimeout(this.#refusedTimer);
    // The server's close event precedes those of its sockets, whose handlers record the close.
    const ends = [...this.#connections].map(async ({ socket }) => await new Promise((end) => socket.on("close", end)));
    for (const connection of this.#connections) connection.drop("ok");
    await Promise.all([...ends, new Promise((resolve) => this.#server.close(resolve))]);
    this.#records.flush();
  }

  #accept(socket: net.Socket): void {
    if (!this.#mayConnect()) {
      socket.on("error", () => socket.destroy());
      socket.destroy();
      return this.#countRefused();
    }
    const waiting = [...this.#connections].filter((one) => !one.isSubscribed && !one.socket.destroyed);
    if (waiting.length >= MAX_UNSUBSCRIBED) waiting[0]?.drop("rpc.unsubscribed");
    const connection = new Connection(++RpcServer.#accepted, socket, this.#rpc, this.#records.open());
    this.#connections.add(connection);
    socket.on("close", () => this.#connections.delete(connection));
  }

  /** Whether the connection that subscribes now may be served. It is already among the connections. */
  #admits(): boolean {
    const subscribed = [...this.#connections].filter(({ isSubscribed }) => isSubscribed);
    return subscribed.length <= MAX_SUBSCRIBED && this.#maySubscribe();
  }

  /** Records refused connections at most once per second, with their number. */
  #countRefused(): void {
    this.#refused += 1;
    this.#refusedTimer ??= setTimeout(() => {
      this.#audit.append("rpc.refused", "deny", "rpc.connections", { count: this.#refused });
      this.#refused = 0;
      this.#refusedTimer = undefined;
    }, 1_000).unref();
  }
}

/** Implements the methods. A Connection forwards only permitted requests. */
function contract(source: Source, host: string, admits: () => boolean): JSONRPCServer<Connection> {
  const { instance, disclosed, audit } = source;
  const rpc = new JSONRPCServer<Connection>({ errorListener: () => undefined });
  rpc.addMethod("hello", ({ protocol }: Params<"hello">): Result<"hello"> => {
    const { code, message } = wireErrors.version;
    if (protocol.min > PROTOCOL || protocol.max < PROTOCOL) throw new JSONRPCErrorException(message, code);
    return { protocol: PROTOCOL, instance, host };
  });
  rpc.addMethod("subscribe", ({ since, witnessed = 0 }: Params<"subscribe">, connection): Result<"subscribe"> => {
    if (!admits()) {
      connection.drop("rpc.connections", { error: wireErrors.rate, id: null });
      return {};
    }
    // Deferred, so that the response precedes the snapshot.
    setImmediate(() => {
      feed(connection, source, since?.instance === instance ? since.generation : 0);
      feedCheckpoints(connection, source, witnessed);
    });
    return {};
  });
  rpc.addMethod("health", (): Result<"health"> => {
    const { docker, generation, overflow, unreadable, streamEnds, swarm } = disclosed;
    const containers = generation === 0 ? 0 : disclosed.containers.size;
    return {
      docker,
      audit: audit.isWhole ? "ok" : "degraded",
      generation,
      containers,
      overflow,
      unreadable,
      streamEnds,
      ...(swarm && { swarm: swarm() }),
    };
  });
  rpc.mapErrorToJSONRPCErrorResponse = (id, error: unknown) => {
    const { code, message } = error instanceof JSONRPCErrorException ? error : wireErrors.internal;
    return { jsonrpc: "2.0", id, error: { code, message } };
  };
  return rpc;
}
