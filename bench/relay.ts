import { chmodSync } from "node:fs";
import * as net from "node:net";

/** Forwarded bytes, their time (monotonic, ns) and sender. */
export interface Passed {
  readonly at: bigint;
  readonly from: "client" | "server";
  readonly bytes: Buffer;
}

/** Creates a Unix socket that forwards to another one and reports all bytes. Returns a function that closes it. */
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

function pass(from: net.Socket, to: net.Socket, sender: Passed["from"], onPassed: (passed: Passed) => void): void {
  from.on("data", (bytes: Buffer) => {
    onPassed({ at: process.hrtime.bigint(), from: sender, bytes });
    to.write(bytes);
  });
}
