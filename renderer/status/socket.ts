import { unlink } from "node:fs/promises";
import * as net from "node:net";
import { Report } from "./report.ts";

/** Milliseconds a renderer may take to say how it is. */
const ANSWER_MS = 3_000;

/** Serves the report to whoever may open the socket: the renderer's own user. */
export async function serveStatus(path: string, report: () => Report): Promise<{ close: () => void }> {
  await unlink(path).catch(() => undefined);
  const server = net.createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.end(JSON.stringify(report()));
  });
  const umask = process.umask(0o177);
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(path, resolve);
    });
  } finally {
    process.umask(umask);
  }
  return { close: () => server.close() };
}

/** Asks a running renderer. Rejects when none answers. */
export async function askStatus(path: string): Promise<Report> {
  const socket = net.connect(path);
  socket.setTimeout(ANSWER_MS, () => socket.destroy(new Error("no answer in time")));
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Report.parse(JSON.parse(Buffer.concat(chunks).toString("utf8")));
}
