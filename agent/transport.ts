import { once } from "node:events";
import * as http from "node:http";
import { asDockerError, DockerError, type DockerFault } from "./docker-error.ts";
import { gate, limits, type Route } from "./gate.ts";
import { ListReader } from "./list-reader.ts";

/** Progress of one response. */
interface Progress {
  outcome: "ok" | DockerFault;
  status: number;
  bytes: number;
}

/** One use of the Docker socket, for the audit trail. `route` is undefined when the gate refused it. */
export type DockerCall = Readonly<Progress & { route: Route | undefined; ms: number }>;

/** The two fields of docker-modem's request options that the agent reads. */
type ModemRequest = Readonly<{ method?: string; path?: string }>;

type Callback = (error: unknown, response?: unknown) => void;
type Transport = (request: ModemRequest, context: unknown, body: unknown, callback: Callback) => void;

/** Converts an entry of the list when it arrives, so that the rest of it need not be kept. */
export type ReadEntry = (entry: unknown, route: Route) => unknown;

/**
 * Replaces docker-modem's transport with HTTP over the Unix socket. It never follows redirects, sends constant
 * headers only, and returns complete responses only, within an absolute deadline and a size limit.
 */
export function gatedTransport(
  socketPath: string,
  onCall: (call: DockerCall) => void,
  readEntry: ReadEntry,
  isSwarm = false,
): Transport {
  const keepAlive = new http.Agent({ keepAlive: true, maxSockets: 16, timeout: 5_000 });
  const send = async ({ method = "", path = "" }: ModemRequest, body: unknown): Promise<unknown> => {
    const route = body === undefined ? gate(method, path, isSwarm) : undefined;
    const progress: Progress = { outcome: "ok", status: 0, bytes: 0 };
    const startedAt = performance.now();
    try {
      if (route === undefined) throw new DockerError("gate.route");
      const agent = isStream(route) ? false : keepAlive;
      const request = http.request({ socketPath, path, agent, method: "GET", headers: { Host: "docker" } });
      return await exchange(route, request, progress, readEntry);
    } catch (error) {
      progress.outcome = asDockerError(error).code;
      throw error;
    } finally {
      onCall({ route, ...progress, ms: Math.round(performance.now() - startedAt) });
    }
  };
  return (request, _context, body, callback) => {
    send(request, body).then((response) => callback(null, response), callback);
  };
}

/** Returns the parsed body, or for `events` the stream. Rejects with a DockerError after closing the connection. */
async function exchange(
  route: Route,
  request: http.ClientRequest,
  progress: Progress,
  readEntry: ReadEntry,
): Promise<unknown> {
  const { maxBytes, deadlineMs } = limits[route];
  let fault: DockerFault = "docker.unreachable";
  const deadline = setTimeout(() => {
    fault = "docker.timeout";
    request.destroy();
  }, deadlineMs);
  // Errors after the headers are reported by the response.
  request.on("error", () => undefined).end();
  try {
    const [response] = (await once(request, "response")) as [http.IncomingMessage];
    fault = "docker.cut";
    response.on("error", () => undefined);
    progress.status = response.statusCode ?? 0;
    if (progress.status >= 300 && progress.status < 400)
      throw new DockerError("docker.redirect", String(progress.status));
    if (progress.status !== 200) throw new DockerError("docker.status", String(progress.status));
    if (isStream(route)) return response;
    const list = new ListReader((entry) => readEntry(entry, route), route === "list" ? "Id" : "ID");
    const chunks: Buffer[] = [];
    await new Promise<void>((resolve, reject) => {
      response.on("close", resolve).on("data", (chunk: Buffer) => {
        progress.bytes += chunk.length;
        try {
          if (progress.bytes > maxBytes) throw new DockerError("docker.size");
          if (isList(route)) list.push(chunk);
          else chunks.push(chunk);
        } catch (error) {
          reject(error);
        }
      });
    });
    if (!response.complete) throw new DockerError(fault);
    return isList(route) ? list.end() : parseBody(Buffer.concat(chunks));
  } catch (error) {
    request.destroy();
    if (error instanceof DockerError) throw error;
    throw new DockerError(fault, fault === "docker.unreachable" ? (error as NodeJS.ErrnoException).code : undefined);
  } finally {
    clearTimeout(deadline);
  }
}

/** Lists are read in parts. */
function isList(route: Route): boolean {
  return ["list", "services", "tasks", "nodes"].includes(route);
}

function isStream(route: Route): boolean {
  return route === "events" || route === "swarm-events";
}

function parseBody(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8")) as unknown;
  } catch {
    // The parser's message quotes the text, which may contain secrets.
    throw new DockerError("docker.schema");
  }
}
