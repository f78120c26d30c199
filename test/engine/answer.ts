import type { IncomingMessage, ServerResponse } from "node:http";
import type { Release } from "./release.ts";

/** A complete answer of the engine, before it goes over the wire. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Go announces the length of a body only up to this many bytes; a longer one is chunked. */
const ANNOUNCED_BYTES = 2048;

/** The headers of everything that was routed. */
export function engineHeaders({ api, engine }: Release): Record<string, string> {
  return {
    "Api-Version": api,
    "Docker-Experimental": "false",
    Ostype: "linux",
    Server: `Docker/${engine} (linux)`,
  };
}

export function json(release: Release, value: unknown, status = 200): Answer {
  const headers = { ...engineHeaders(release), "Content-Type": "application/json" };
  return { status, headers, body: `${JSON.stringify(value)}\n` };
}

/** A refusal in the engine's own words. */
export function refusal(release: Release, status: number, message: string): Answer {
  return json(release, { message }, status);
}

/** What the router itself answers: it knows no version. */
export function pageNotFound(): Answer {
  return { status: 404, headers: { "Content-Type": "application/json" }, body: '{"message":"page not found"}\n' };
}

export function send(request: IncomingMessage, response: ServerResponse, { status, headers, body }: Answer): void {
  const bytes = Buffer.byteLength(body);
  response.writeHead(status, bytes <= ANNOUNCED_BYTES ? { ...headers, "Content-Length": bytes } : headers);
  if (request.method === "HEAD") response.end();
  else response.end(body);
}
