import { once } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";

/**
 * Call it before the server listens. The function it returns accepts nothing new, lets requests under way
 * finish, and returns when the last connection is closed: Node by itself would wait until the client or a
 * time-out of seconds closes those that were kept alive.
 */
export function drainable(server: Server): () => Promise<void> {
  const underWay = new Set<ServerResponse>();
  let draining = false;
  server.prependListener("request", (_request: IncomingMessage, response: ServerResponse) => {
    underWay.add(response);
    response.shouldKeepAlive &&= !draining;
    response.once("close", () => {
      underWay.delete(response);
      // Only in the next turn does the connection count as idle.
      if (draining) setImmediate(() => server.closeIdleConnections());
    });
  });
  return async () => {
    draining = true;
    for (const response of underWay) response.shouldKeepAlive = false;
    const closed = once(server, "close");
    server.close();
    server.closeIdleConnections();
    await closed;
  };
}
