import type { IncomingMessage, ServerResponse } from "node:http";
import type { Release } from "./release.ts";

/** A complete response of the engine, before it is sent. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Go sets Content-Length up to this many bytes; a longer body is chunked. */
const ANNOUNCED_BYTES = 2048;

/** Returns the headers of every routed response. */
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

/** Returns an error response with the engine's message. */
export function refusal(release: Release, status: number, message: string): Answer {
  return json(release, { message }, status);
}

/** Returns the router's own 404, which has no version headers. */
export function pageNotFound(): Answer {
  return { status: 404, headers: { "Content-Type": "application/json" }, body: '{"message":"page not found"}\n' };
}

export function send(request: IncomingMessage, response: ServerResponse, { status, headers, body }: Answer): void {
  const bytes = Buffer.byteLength(body);
  response.writeHead(status, bytes <= ANNOUNCED_BYTES ? { ...headers, "Content-Length": bytes } : headers);
  if (request.method === "HEAD") response.end();
  else response.end(body);
}
