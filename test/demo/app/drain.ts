import { once } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";

/**
 * Returns a function that stops accepting connections, completes the requests in flight, and resolves when the last
 * connection is closed. Must be called before the server listens. Node alone would wait until the client or a timeout
 * closes the keep-alive connections.
 */
export function drainable(server: Server): () => Promise<void> {
  const inFlight = new Set<ServerResponse>();
  let draining = false;
  server.prependListener("request", (_request: IncomingMessage, response: ServerResponse) => {
    inFlight.add(response);
    response.shouldKeepAlive &&= !draining;
    response.once("close", () => {
      inFlight.delete(response);
      // The connection counts as idle from the next turn on.
      if (draining) setImmediate(() => server.closeIdleConnections());
    });
  });
  return async () => {
    draining = true;
    for (const response of inFlight) response.shouldKeepAlive = false;
    const closed = once(server, "close");
    server.close();
    server.closeIdleConnections();
    await closed;
  };
}
