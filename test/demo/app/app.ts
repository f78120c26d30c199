import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/** What the app reports of itself. Docker sets `hostname` to the short container id. */
export interface Identity {
  readonly hostname: string;
  readonly app: string;
}

/** Maximum delay of a response, in milliseconds. */
const MAX_DELAY_MS = 60_000;

/**
 * The app of the demo's three hosts: returns its name and the request as plain text.
 *
 *     GET  /slow?ms=1500        responds after this delay
 *     GET  /health              200, or 503 while it is set to unhealthy
 *     POST /health/unhealthy    sets it to unhealthy; /health/healthy to healthy
 */
export function demoApp(identity: () => Identity): RequestListener {
  let healthy = true;
  const listener = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://app");
    if (request.method === "POST" && /^\/health\/(un)?healthy$/.test(pathname)) {
      healthy = pathname.endsWith("/healthy");
    }
    if (pathname.startsWith("/health"))
      return answer(response, healthy ? 200 : 503, healthy ? "healthy\n" : "unhealthy\n");
    if (pathname === "/slow") await sleep(delayMs(searchParams.get("ms")));
    answer(response, 200, report(identity(), request));
  };
  return (request, response) => {
    listener(request, response).catch((error: unknown) => answer(response, 400, `${String(error)}\n`));
  };
}

function delayMs(ms: string | null): number {
  return Math.min(MAX_DELAY_MS, Math.max(0, Number(ms ?? "1000") || 0));
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" });
  response.end(text);
}

/** One `name: value` per line: the container, the app, the request line, then the headers in their order. */
function report({ hostname, app }: Identity, request: IncomingMessage): string {
  const headers: string[] = [];
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    headers.push(`${request.rawHeaders[i]}: ${request.rawHeaders[i + 1]}`);
  }
  const lines = [`container: ${hostname}`, `app: ${app}`, `request: ${request.method} ${request.url}`, "", ...headers];
  return `${lines.join("\n")}\n`;
}
