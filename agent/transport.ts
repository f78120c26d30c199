import { once } from "node:events";
import * as http from "node:http";
import { DockerError, type DockerFault, faultOf } from "./docker-error.ts";
import { gate, limits, type Route } from "./gate.ts";

/** What is seen of an answer while it comes. */
interface Seen {
  outcome: "ok" | DockerFault;
  status: number;
  bytes: number;
}

/** One use of the Docker socket, for the audit trail. `route` is undefined when the gate refused it. */
export type DockerCall = Readonly<Seen & { route: Route | undefined; ms: number }>;

/** What docker-modem hands to its transport; we read two of its fields. */
interface ModemRequest {
  readonly method?: string;
  readonly path?: string;
}

type Callback = (error: unknown, answer?: unknown) => void;
type Transport = (request: ModemRequest, context: unknown, body: unknown, callback: Callback) => void;

/**
 * Replaces docker-modem's own transport: HTTP over the Unix socket and nothing else. It never
 * follows a redirect, always sends the constant headers, and gives an answer complete or not at
 * all: within an absolute deadline, under a byte cap, checked for its end.
 */
export function gatedTransport(socketPath: string, onCall: (call: DockerCall) => void): Transport {
  const keepAlive = new http.Agent({ keepAlive: true, maxSockets: 8, timeout: 5_000 });
  const ask = async ({ method = "", path = "" }: ModemRequest, body: unknown): Promise<unknown> => {
    const route = body === undefined ? gate(method, path) : undefined;
    const seen: Seen = { outcome: "ok", status: 0, bytes: 0 };
    const begun = performance.now();
    try {
      if (route === undefined) throw new DockerError("gate.route");
      const agent = route === "events" ? false : keepAlive;
      const request = http.request({ socketPath, path, agent, method: "GET", headers: { Host: "docker" } });
      return await exchange(route, request, seen);
    } catch (error) {
      seen.outcome = faultOf(error);
      throw error;
    } finally {
      onCall({ route, ...seen, ms: Math.round(performance.now() - begun) });
    }
  };
  return (request, _context, body, callback) => {
    ask(request, body).then((answer) => callback(null, answer), callback);
  };
}

/** The parsed answer, or for `events` the stream. Rejects with a DockerError; nothing is left open then. */
async function exchange(route: Route, request: http.ClientRequest, seen: Seen): Promise<unknown> {
  const { maxBytes, deadlineMs } = limits[route];
  let fault: DockerFault = "docker.unreachable";
  const deadline = setTimeout(() => {
    fault = "docker.timeout";
    request.destroy();
  }, deadlineMs);
  // What goes wrong after the headers is told by the response.
  request.on("error", () => undefined).end();
  try {
    const [response] = (await once(request, "response")) as [http.IncomingMessage];
    fault = "docker.cut";
    response.on("error", () => undefined);
    seen.status = response.statusCode ?? 0;
    if (seen.status >= 300 && seen.status < 400) throw new DockerError("docker.redirect", String(seen.status));
    if (seen.status !== 200) throw new DockerError("docker.status", String(seen.status));
    return route === "events" ? response : await whole(response, maxBytes, seen);
  } catch (error) {
    request.destroy();
    if (error instanceof DockerError) throw error;
    throw new DockerError(fault, fault === "docker.unreachable" ? (error as NodeJS.ErrnoException).code : undefined);
  } finally {
    clearTimeout(deadline);
  }
}

async function whole(response: http.IncomingMessage, maxBytes: number, seen: Seen): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) {
    seen.bytes += chunk.length;
    if (seen.bytes > maxBytes) throw new DockerError("docker.size");
    chunks.push(chunk);
  }
  if (!response.complete) throw new DockerError("docker.cut");
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8")) as unknown;
  } catch {
    // The parser's own message quotes the text, so it goes no further than here.
    throw new DockerError("docker.schema");
  }
}
