import { chmodSync, lstatSync, statSync, unlinkSync } from "node:fs";
import * as net from "node:net";
import { dirname } from "node:path";
import { JSONRPCErrorException, JSONRPCServer } from "json-rpc-2.0";
import { type Params, PROTOCOL, type Result, wireErrors } from "../shared/rpc.ts";
import type { AuditTrail } from "./audit.ts";
import { Connection } from "./connection.ts";
import type { Disclosed } from "./disclosed.ts";
import { Disclosure, notification } from "./disclosure.ts";
import { Subscriber } from "./subscriber.ts";
import { TokenBucket } from "./token-bucket.ts";

/** Connections at once: renderers, a health check, and somebody looking. */
const MAX_CONNECTIONS = 4;

export interface RpcOptions {
  readonly socketPath: string;
  readonly instance: string;
  readonly host: string;
  readonly disclosed: Disclosed;
  readonly audit: AuditTrail;
  readonly dockerState: () => Result<"health">["docker"];
}

/** The agent's one door: a Unix socket for its group. Answers come from the agent's own state only. */
export class RpcServer {
  readonly #options: RpcOptions;
  readonly #connections = new Set<Connection>();
  readonly #subscribers = new Map<Connection, Subscriber>();
  readonly #accepts = new TokenBucket(10, 20);
  readonly #disclosure: Disclosure;
  readonly #rpc: JSONRPCServer<Connection>;
  readonly #server = net.createServer((socket) => this.#accept(socket));
  #accepted = 0;
  #refused = 0;
  #refusedTimer: NodeJS.Timeout | undefined;

  constructor(options: RpcOptions) {
    this.#options = options;
    this.#disclosure = new Disclosure(options.audit, options.instance);
    this.#rpc = this.#methods();
  }

  /** Binds with mode 0660 from the first instant. Rejects when the path is not ours to take. */
  async listen(): Promise<void> {
    const { socketPath } = this.#options;
    await removeStale(socketPath);
    restrictDirectory(dirname(socketPath));
    const umask = process.umask(0o117);
    try {
      await new Promise<void>((resolve, reject) => {
        this.#server.once("error", reject);
        this.#server.listen(socketPath, resolve);
      });
    } finally {
      process.umask(umask);
    }
  }

  /** Tells subscribers that Docker was lost or found. */
  tellDockerState(): void {
    const { instance, dockerState } = this.#options;
    for (const connection of this.#subscribers.keys()) {
      connection.send(notification("docker.state", { instance, state: dockerState() }));
    }
  }

  /** Resolves when every connection is closed and recorded. */
  async close(): Promise<void> {
    clearTimeout(this.#refusedTimer);
    for (const connection of this.#connections) connection.drop("ok");
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(socket: net.Socket): void {
    if (this.#connections.size >= MAX_CONNECTIONS || !this.#accepts.take(performance.now())) {
      socket.on("error", () => socket.destroy());
      socket.destroy();
      return this.#countRefused();
    }
    const { audit } = this.#options;
    const onClose = (): void => this.#forget(connection);
    const connection = new Connection({ number: ++this.#accepted, socket, rpc: this.#rpc, audit, onClose });
    this.#connections.add(connection);
  }

  /** A flood of connections makes one record a second, with their number. */
  #countRefused(): void {
    this.#refused += 1;
    this.#refusedTimer ??= setTimeout(() => {
      this.#options.audit.append("rpc.refused", "deny", "rpc.connections", { count: this.#refused });
      this.#refused = 0;
      this.#refusedTimer = undefined;
    }, 1_000).unref();
  }

  #forget(connection: Connection): void {
    this.#connections.delete(connection);
    this.#subscribers.get(connection)?.close();
    this.#subscribers.delete(connection);
  }

  #methods(): JSONRPCServer<Connection> {
    const { instance, host, disclosed, audit, dockerState } = this.#options;
    const rpc = new JSONRPCServer<Connection>({ errorListener: () => undefined });
    rpc.addMethod("hello", ({ protocol }: Params<"hello">): Result<"hello"> => {
      if (protocol.min > PROTOCOL || protocol.max < PROTOCOL) throw wireException(wireErrors.version);
      return { protocol: PROTOCOL, instance, host };
    });
    rpc.addMethod("subscribe", ({ since }: Params<"subscribe">, connection): Result<"subscribe"> => {
      // After the answer is on its way, so that the snapshot follows it.
      setImmediate(() => this.#subscribe(connection, since?.instance === instance ? since.generation : 0));
      return {};
    });
    rpc.addMethod("health", (): Result<"health"> => {
      const containers = disclosed.generation === 0 ? 0 : disclosed.containers.size;
      const trail = audit.isWhole ? "ok" : "degraded";
      return { docker: dockerState(), audit: trail, generation: disclosed.generation, containers };
    });
    rpc.mapErrorToJSONRPCErrorResponse = (id, error: unknown) => {
      const { code, message } = error instanceof JSONRPCErrorException ? error : wireErrors.internal;
      return { jsonrpc: "2.0", id, error: { code, message } };
    };
    return rpc;
  }

  #subscribe(connection: Connection, since: number): void {
    if (!this.#connections.has(connection)) return;
    const { instance, dockerState, disclosed } = this.#options;
    connection.send(notification("docker.state", { instance, state: dockerState() }));
    const subscriber = new Subscriber(connection.number, disclosed, this.#disclosure, connection, since);
    this.#subscribers.set(connection, subscriber);
  }
}

function wireException(error: { code: number; message: string }): JSONRPCErrorException {
  return new JSONRPCErrorException(error.message, error.code);
}

/** A socket nobody answers at is what an earlier run left; anything else is not ours to remove. */
async function removeStale(socketPath: string): Promise<void> {
  const found = lstatSync(socketPath, { throwIfNoEntry: false });
  if (!found) return;
  if (!found.isSocket()) throw new Error(`${socketPath} exists and is not a socket: move it away`);
  const isAlive = await new Promise<boolean>((resolve) => {
    const probe = net.connect(socketPath, () => resolve(true));
    probe.on("error", () => resolve(false));
    probe.on("connect", () => probe.destroy());
  });
  if (isAlive) throw new Error(`another agent answers at ${socketPath}: stop it first`);
  unlinkSync(socketPath);
}

/** Group members may pass through to the socket and do nothing else in its directory. */
function restrictDirectory(directory: string): void {
  const { uid, mode } = statSync(directory);
  if ((mode & 0o7777) === 0o2710) return;
  if (uid === process.getuid?.()) chmodSync(directory, 0o2710);
  else if ((mode & 0o002) !== 0)
    throw new Error(`anybody may write to ${directory}: use a directory of the agent's own`);
}
