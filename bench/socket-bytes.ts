import { subscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";

/** Gives how many bytes the HTTP servers of this process have read and written since now, headers included. */
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
