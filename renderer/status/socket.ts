import { lstatSync, unlinkSync } from "node:fs";
import * as net from "node:net";
import { Report } from "./report.ts";

/** Milliseconds within which a renderer must send its report. */
const RESPONSE_MS = 3_000;

/** The status socket cannot be created. The message states what to change. */
export class StatusSocketError extends Error {}

/** Serves the report to the user that runs the renderer. Throws StatusSocketError. */
export async function serveStatus(path: string, report: () => Report): Promise<{ close: () => void }> {
  if (await isServed(path))
    throw new StatusSocketError(`${path}: used by another renderer; stop it or choose another path`);
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
    throw new StatusSocketError(`${path}: ${errno}; the directory must exist and be writable for the renderer`);
  } finally {
    process.umask(umask);
  }
  return { close: () => server.close() };
}

/** Returns the report of a running renderer. Rejects if none responds in time. */
export async function askStatus(path: string): Promise<Report> {
  const socket = net.connect(path);
  socket.setTimeout(RESPONSE_MS, () => socket.destroy(new Error(`no response within ${RESPONSE_MS / 1_000} s`)));
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

/** Removes the socket of a renderer that was killed, and nothing else. */
function removeStale(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return;
  if (!found.isSocket()) throw new StatusSocketError(`${path}: not a socket; choose another path`);
  unlinkSync(path);
}
