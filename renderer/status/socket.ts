import { lstatSync, unlinkSync } from "node:fs";
import * as net from "node:net";
import * as z from "zod";
import { type HostName, parseHost } from "../routes/grammar.ts";
import { Report } from "./report.ts";

/** Milliseconds without data after which a connection ends. */
const RESPONSE_MS = 3_000;

const MAX_REQUEST_BYTES = 1_024;

/** Without a command the report is meant. */
const Request = z.strictObject({
  release: z.strictObject({ host: z.string().optional() }).optional(),
  maintain: z.strictObject({ host: z.string(), isOn: z.boolean() }).optional(),
});

const Released = z.object({ owner: z.string().optional() });

const Maintained = z.object({ isChanged: z.boolean() });

/** The status socket cannot be created. The message states what to change. */
export class StatusSocketError extends Error {}

/** What a running renderer answers. */
export interface Served {
  readonly report: () => Report;
  /** Ends the lease of a host name, or of all if it is undefined. Returns the former owner. */
  readonly release: (host: string | undefined) => string | undefined;
  /** Puts a host name under maintenance, or ends it. Returns whether anything changed. */
  readonly maintain: (host: HostName, isOn: boolean) => boolean;
}

/** Serves reports and requests to the user that runs the renderer. Throws StatusSocketError. */
export async function serveStatus(path: string, served: Served): Promise<{ close: () => void }> {
  if (await isServed(path))
    throw new StatusSocketError(`${path}: used by another renderer; stop it or choose another path`);
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => socket.destroy());
    void respond(socket, served).catch(() => socket.destroy());
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

/** Reads one request and responds. A client that sends nothing gets the report. */
async function respond(socket: net.Socket, { report, release, maintain }: Served): Promise<void> {
  socket.setTimeout(RESPONSE_MS, () => socket.destroy());
  const text = await textOf(socket, MAX_REQUEST_BYTES);
  const request = Request.parse(text === "" ? {} : JSON.parse(text));
  if (request.release) socket.end(JSON.stringify({ owner: release(request.release.host) }));
  else if (request.maintain) {
    const host = parseHost(request.maintain.host, true);
    const isChanged = host.kind === "ok" && maintain(host.value, request.maintain.isOn);
    socket.end(JSON.stringify({ isChanged }));
  } else socket.end(JSON.stringify(report()));
}

/** Returns the report of a running renderer. Rejects if none responds in time. */
export async function askStatus(path: string): Promise<Report> {
  return Report.parse(await ask(path, {}));
}

/** Ends the lease of a host name, or of all of them. Returns the former owner. Rejects if no renderer responds in time. */
export async function askRelease(path: string, host: string | undefined): Promise<string | undefined> {
  return Released.parse(await ask(path, { release: { host } })).owner;
}

/** Puts a host name under maintenance, or ends it. Returns whether anything changed. Rejects if no renderer responds in time. */
export async function askMaintenance(path: string, host: HostName, isOn: boolean): Promise<boolean> {
  return Maintained.parse(await ask(path, { maintain: { host, isOn } })).isChanged;
}

async function ask(path: string, request: z.infer<typeof Request>): Promise<unknown> {
  const socket = net.connect({ path, allowHalfOpen: true });
  socket.setTimeout(RESPONSE_MS, () => socket.destroy(new Error(`no response within ${RESPONSE_MS / 1_000} s`)));
  socket.end(JSON.stringify(request));
  return JSON.parse(await textOf(socket));
}

/** Returns what the other side sends until it ends. */
async function textOf(socket: net.Socket, maxBytes = Number.POSITIVE_INFINITY): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    size += (chunk as Buffer).length;
    if (size > maxBytes) throw new Error("the request is too large");
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString("utf8");
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
