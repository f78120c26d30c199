import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/** Who answers. `hostname` is the short container id when Docker chose it. */
export interface Identity {
  readonly hostname: string;
  readonly app: string;
}

/** Longest answer that can be asked for, in milliseconds. */
const SLOWEST_MS = 60_000;

/**
 * The app behind the demo's three names: tells who answered and what arrived, as plain text.
 *
 *     GET  /slow?ms=1500        answers that late
 *     GET  /health              200, or 503 once it was told to be ill
 *     POST /health/unhealthy    makes it ill; /health/healthy heals it
 */
export function demoApp(identity: () => Identity): RequestListener {
  let healthy = true;
  const listener = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://app");
    if (request.method === "POST" && /^\/health\/(un)?healthy$/.test(pathname)) {
      healthy = pathname.endsWith("/healthy");
    }
    if (pathname.startsWith("/health")) return answer(response, healthy ? 200 : 503, healthy ? "healthy\n" : "ill\n");
    if (pathname === "/slow") await sleep(slowness(searchParams.get("ms")));
    answer(response, 200, report(identity(), request));
  };
  return (request, response) => {
    listener(request, response).catch((error: unknown) => answer(response, 400, `${String(error)}\n`));
  };
}

function slowness(ms: string | null): number {
  return Math.min(SLOWEST_MS, Math.max(0, Number(ms ?? "1000") || 0));
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" });
  response.end(text);
}

/** One `name: value` a line: first who answers, then the request line, then the headers as they came. */
function report({ hostname, app }: Identity, request: IncomingMessage): string {
  const headers: string[] = [];
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    headers.push(`${request.rawHeaders[i]}: ${request.rawHeaders[i + 1]}`);
  }
  const lines = [`container: ${hostname}`, `app: ${app}`, `request: ${request.method} ${request.url}`, "", ...headers];
  return `${lines.join("\n")}\n`;
}
