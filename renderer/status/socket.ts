import { lstatSync, unlinkSync } from "node:fs";
import * as net from "node:net";
import { Report } from "./report.ts";

/** Milliseconds a renderer may take to say how it is. */
const ANSWER_MS = 3_000;

/** The status socket cannot be made. The message says what a person must change. */
export class StatusSocketError extends Error {}

/** Serves the report to whoever may open the socket: the renderer's own user. Throws StatusSocketError. */
export async function serveStatus(path: string, report: () => Report): Promise<{ close: () => void }> {
  if (await isServed(path))
    throw new StatusSocketError(`${path}: another renderer answers there, end it first or choose another path`);
  const server = net.createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.end(JSON.stringify(report()));
  });
  const umask = process.umask(0o177);
  try {
    removeStale(path);
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(path, resolve);
    });
  } catch (error) {
    if (error instanceof StatusSocketError) throw error;
    const errno = (error as NodeJS.ErrnoException).code;
    throw new StatusSocketError(`${path}: ${errno}, needs a directory that exists and that the renderer may write`);
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

async function isServed(path: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = net.connect(path);
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

/** A socket left by a renderer that was killed gives way; nothing else does. */
function removeStale(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return;
  if (!found.isSocket()) throw new StatusSocketError(`${path}: is not a socket, choose another path for statusSocket`);
  unlinkSync(path);
}
