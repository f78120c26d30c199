import { subscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";

/** Returns a counter of the bytes that this process's HTTP servers read and write from now on, including headers. */
export function countSocketBytes(): () => number {
  const open = new Set<Socket>();
  let closed = 0;
  subscribe("http.server.request.start", (message) => {
    const { socket } = message as { socket: Socket };
    if (open.has(socket)) return;
    open.add(socket);
    socket.once("close", () => {
      open.delete(socket);
      closed += bytesOf(socket);
    });
  });
  return () => [...open].reduce((sum, socket) => sum + bytesOf(socket), closed);
}

function bytesOf({ bytesRead, bytesWritten }: Socket): number {
  return bytesRead + bytesWritten;
}
