import * as http from "node:http";
import { DockerError, type DockerFault } from "./docker-error.ts";
import { type Route, gate, limits } from "./gate.ts";

/** One use of the Docker socket, for the audit trail. `route` is undefined when the gate refused it. */
export interface DockerCall {
  readonly route: Route | undefined;
  readonly outcome: "ok" | DockerFault;
  readonly status: number;
  readonly bytes: number;
  readonly ms: number;
}

type Callback = (error: Error | null, answer: unknown) => void;

/** What docker-modem hands to its transport; we read two of its fields. */
export interface ModemRequest {
  readonly method?: string;
  readonly path?: string;
}

/**
 * Replaces docker-modem's own transport: HTTP over the Unix socket and nothing else. It never
 * follows a redirect, always sends the constant headers, and gives an answer complete or not at
 * all: within an absolute deadline, under a byte cap, checked for its end.
 */
export function gatedTransport(
  socketPath: string,
  onCall: (call: DockerCall) => void,
): (request: ModemRequest, context: unknown, body: unknown, callback: Callback) => void {
  const keepAlive = new http.Agent({ keepAlive: true, maxSockets: 8, timeout: 5_000 });
  return (request, _context, body, callback) => {
    const path = request.path ?? "";
    const route = body === undefined ? gate(request.method ?? "", path) : undefined;
    if (route === undefined) {
      onCall({ route, outcome: "gate.route", status: 0, bytes: 0, ms: 0 });
      callback(new DockerError("gate.route"), null);
      return;
    }
    const agent = route === "events" ? false : keepAlive;
    const options: http.RequestOptions = { socketPath, path, agent, method: "GET", headers: { Host: "docker" } };
    exchange(route, options, onCall, callback);
  };
}

function exchange(
  route: Route,
  options: http.RequestOptions,
  onCall: (call: DockerCall) => void,
  callback: Callback,
): void {
  const { deadlineMs, maxBytes } = limits[route];
  const begun = performance.now();
  let status = 0;
  let bytes = 0;
  let settled = false;
  const settle = (fault: DockerError | undefined, answer: unknown): void => {
    if (settled) return;
    settled = true;
    clearTimeout(deadline);
    if (fault) request.destroy();
    onCall({ route, outcome: fault?.code ?? "ok", status, bytes, ms: Math.round(performance.now() - begun) });
    callback(fault ?? null, answer);
  };
  const fail = (code: DockerFault, errno?: string): void => settle(new DockerError(code, errno), null);

  const request = http.request(options, (response) => {
    status = response.statusCode ?? 0;
    response.on("error", () => fail("docker.cut"));
    if (status >= 300 && status < 400) return fail("docker.redirect", String(status));
    if (status !== 200) return fail("docker.status", String(status));
    if (route === "events") return settle(undefined, response);
    const chunks: Buffer[] = [];
    response.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxBytes) fail("docker.size");
      else if (!settled) chunks.push(chunk);
    });
    response.on("close", () => {
      if (settled) return;
      if (!response.complete) return fail("docker.cut");
      const parsed = parseJson(Buffer.concat(chunks));
      if (parsed === undefined) return fail("docker.schema");
      settle(undefined, parsed);
    });
  });
  const deadline = setTimeout(() => fail("docker.timeout"), deadlineMs);
  request.on("error", (error: NodeJS.ErrnoException) => fail("docker.unreachable", error.code));
  request.end();
}

/** The parser's own message quotes the text, so it goes no further than here. */
function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8")) as unknown;
  } catch {
    return undefined;
  }
}
