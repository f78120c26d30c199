import { chmodSync } from "node:fs";
import * as net from "node:net";

/** Bytes that passed: when (monotonic, ns), and from whom. */
export interface Passed {
  readonly at: bigint;
  readonly from: "client" | "server";
  readonly bytes: Buffer;
}

/** A Unix socket that passes everything on to another and tells of it. Gives how to close it. */
export async function relay(path: string, target: string, onPassed: (passed: Passed) => void): Promise<() => void> {
  const open = new Set<net.Socket>();
  const server = net.createServer((client) => {
    const upstream = net.connect(target);
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => [client, upstream].forEach((one) => one.destroy()));
    }
    pass(client, upstream, "client", onPassed);
    pass(upstream, client, "server", onPassed);
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  chmodSync(path, 0o666);
  return () => {
    server.close();
    for (const socket of open) socket.destroy();
  };
}

function pass(from: net.Socket, to: net.Socket, who: Passed["from"], onPassed: (passed: Passed) => void): void {
  from.on("data", (bytes: Buffer) => {
    onPassed({ at: process.hrtime.bigint(), from: who, bytes });
    to.write(bytes);
  });
}
