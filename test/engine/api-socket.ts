import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { link, rm } from "node:fs/promises";

/** The engine's Unix socket: listening, removed, or left behind by a killed daemon. */
export class ApiSocket {
  readonly #socketPath: string;
  readonly #listener: RequestListener;
  #server: Server | undefined;

  constructor(socketPath: string, listener: (request: IncomingMessage, response: ServerResponse) => void) {
    this.#socketPath = socketPath;
    this.#listener = listener;
  }

  async open(): Promise<void> {
    if (this.#server !== undefined) return;
    await rm(this.#socketPath, { force: true });
    // No timeouts: clients may keep connections and send slowly.
    const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 }, this.#listener);
    server.listen(this.#socketPath);
    await once(server, "listening");
    this.#server = server;
  }

  /**
   * Closes every connection. The socket file is removed, or left as a killed daemon leaves it, so that
   * connections are refused.
   */
  async close(socketFile: "removed" | "left" = "removed"): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const other = `${this.#socketPath}.left`;
    if (socketFile === "left") await link(this.#socketPath, other);
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
    if (socketFile === "left") {
      await link(other, this.#socketPath);
      await rm(other);
    }
  }
}
