import { once } from "node:events";
import * as http from "node:http";
import { DockerError, type DockerFault, faultOf } from "./docker-error.ts";
import { gate, limits, type Route } from "./gate.ts";

/** One use of the Docker socket, for the audit trail. `route` is undefined when the gate refused it. */
export interface DockerCall {
  readonly route: Route | undefined;
  readonly outcome: "ok" | DockerFault;
  readonly status: number;
  readonly bytes: number;
  readonly ms: number;
}

/** What docker-modem calls instead of its own transport; we read two fields of its request. */
type Transport = (
  request: { readonly method?: string; readonly path?: string },
  context: unknown,
  body: unknown,
  callback: (error: unknown, answer?: unknown) => void,
) => void;

/**
 * Replaces docker-modem's own transport: HTTP over the Unix socket and nothing else. It never
 * follows a redirect, always sends the constant headers, and gives an answer complete or not at
 * all: within an absolute deadline, under a byte cap, checked for its end.
 */
export function gatedTransport(socketPath: string, onCall: (call: DockerCall) => void): Transport {
  const keepAlive = new http.Agent({ keepAlive: true, maxSockets: 8, timeout: 5_000 });
  return ({ method = "", path = "" }, _context, body, callback) => {
    const route = body === undefined ? gate(method, path) : undefined;
    const seen = { status: 0, bytes: 0 };
    const begun = performance.now();
    const done = (outcome: DockerCall["outcome"]): void =>
      onCall({ route, outcome, ...seen, ms: Math.round(performance.now() - begun) });
    if (route === undefined) {
      done("gate.route");
      return callback(new DockerError("gate.route"));
    }
    const agent = route === "events" ? false : keepAlive;
    const request = http.request({ socketPath, path, agent, method: "GET", headers: { Host: "docker" } });
    exchange(route, request, seen).then(
      (answer) => {
        done("ok");
        callback(null, answer);
      },
      (error: unknown) => {
        done(faultOf(error));
        callback(error);
      },
    );
  };
}

/** The parsed answer, or for `events` the stream. Rejects with a DockerError; nothing is left open then. */
async function exchange(
  route: Route,
  request: http.ClientRequest,
  seen: { status: number; bytes: number },
): Promise<unknown> {
  let fault: DockerFault = "docker.unreachable";
  const deadline = setTimeout(() => {
    fault = "docker.timeout";
    request.destroy();
  }, limits[route].deadlineMs);
  // What goes wrong after the headers is told by the response.
  request.on("error", () => undefined).end();
  try {
    const [response] = (await once(request, "response")) as [http.IncomingMessage];
    fault = "docker.cut";
    response.on("error", () => undefined);
    seen.status = response.statusCode ?? 0;
    if (seen.status >= 300 && seen.status < 400) throw new DockerError("docker.redirect", String(seen.status));
    if (seen.status !== 200) throw new DockerError("docker.status", String(seen.status));
    return route === "events" ? response : await whole(response, limits[route].maxBytes, seen);
  } catch (error) {
    request.destroy();
    if (error instanceof DockerError) throw error;
    throw new DockerError(fault, fault === "docker.unreachable" ? (error as NodeJS.ErrnoException).code : undefined);
  } finally {
    clearTimeout(deadline);
  }
}

async function whole(response: http.IncomingMessage, maxBytes: number, seen: { bytes: number }): Promise<unknown> {
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
