import type { Readable } from "node:stream";
import Docker from "dockerode";
import * as z from "zod";
import { DockerError } from "./docker-error.ts";
import { EVENT_FILTERS, isContainerId, limits } from "./gate.ts";
import { EngineEvent, EngineVersion, Inspected, Listed } from "./inspected.ts";
import { fromInspected, fromListed, type Observed } from "./observed.ts";
import { type DockerCall, gatedTransport } from "./transport.ts";

/**
 * API versions we read correctly: 1.40 (Engine 19.03) is the first with all we need, 1.47 (Engine
 * 27) is what Engine 29, which refuses clients below 1.44, still speaks.
 */
const OLDEST_API = 40;
const NEWEST_API = 47;

/**
 * What the agent asks of Docker, and the only user of dockerode. Every failure is a DockerError; an
 * answer is complete and parsed. `onCall` hears of every request, made or refused.
 */
export class DockerReader {
  readonly #client: Docker;

  constructor(socketPath: string, onCall: (call: DockerCall) => void) {
    this.#client = gatedClient(socketPath, onCall);
  }

  /** Chooses and pins the API version. Call it anew after the engine was away: it may be another. */
  async negotiate(): Promise<string> {
    const modem = this.#client.modem as { version?: string };
    delete modem.version;
    modem.version = `v1.${chooseMinor(parse(EngineVersion, await this.#client.version()))}`;
    return modem.version;
  }

  /** All containers in any state, and how many entries were too odd to be read. */
  async list(): Promise<{ listed: Observed[]; unreadable: number }> {
    const entries = parse(z.array(z.unknown()), await this.#client.listContainers({ all: true }));
    const listed = entries.flatMap((entry) => Listed.safeParse(entry).data ?? []).map(fromListed);
    return { listed, unreadable: entries.length - listed.length };
  }

  /** One container as the list shows it, without environment; when there is none, as inspect says it: a 404. */
  async listOne(id: string): Promise<Observed> {
    if (!isContainerId(id)) throw new DockerError("gate.route");
    const answer: unknown = await this.#client.listContainers({ all: true, filters: { id: [id] } });
    const [entry] = parse(z.array(Listed).max(1), answer);
    if (!entry) throw new DockerError("docker.status", "404");
    return fromListed(entry);
  }

  async inspect(id: string): Promise<Observed> {
    if (!isContainerId(id)) throw new DockerError("gate.route");
    const inspected = parse(Inspected, await this.#client.getContainer(id).inspect());
    if (inspected.Id !== id) throw new DockerError("docker.schema");
    return fromInspected(inspected);
  }

  /** Events from now on; returned once Docker has answered, so whatever happens later is in it. */
  async events(signal: AbortSignal): Promise<AsyncIterable<EngineEvent | "unreadable">> {
    const stream = await this.#client.getEvents({ filters: JSON.stringify(EVENT_FILTERS) });
    return eventLines(stream as unknown as Readable, signal);
  }
}

/** A dockerode whose every request meets the gate. Exported for the test that tries them all. */
export function gatedClient(socketPath: string, onCall: (call: DockerCall) => void): Docker {
  const client = new Docker({ socketPath });
  Object.assign(client.modem as object, { buildRequest: gatedTransport(socketPath, onCall) });
  return client;
}

/** The newest version both speak. Throws `docker.version` when there is none. */
function chooseMinor(engine: EngineVersion): number {
  const newest = Math.min(NEWEST_API, minorOf(engine.ApiVersion));
  const oldest = Math.max(OLDEST_API, minorOf(engine.MinAPIVersion || `1.${OLDEST_API}`));
  if (newest < oldest) throw new DockerError("docker.version", engine.ApiVersion.slice(0, 16));
  return newest;
}

function minorOf(version: string): number {
  const minor = /^1\.([0-9]{1,2})$/.exec(version)?.[1];
  if (minor === undefined) throw new DockerError("docker.schema");
  return Number(minor);
}

function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new DockerError("docker.schema");
  return parsed.data;
}

/**
 * One event a line. A line that is too long or not an event of ours is "unreadable": something
 * happened that only a list can tell. The end of the stream is an error, for it never ends by itself.
 */
async function* eventLines(stream: Readable, signal: AbortSignal): AsyncGenerator<EngineEvent | "unreadable"> {
  const stop = () => stream.destroy();
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    for await (const line of lines(stream, limits.events.maxBytes)) yield read(line);
  } catch {
    // Docker went away, or we destroyed the stream: the same to the caller.
  } finally {
    signal.removeEventListener("abort", stop);
    stream.destroy();
  }
  throw new DockerError("docker.ended");
}

function read(line: string): EngineEvent | "unreadable" {
  try {
    return EngineEvent.safeParse(JSON.parse(line)).data ?? "unreadable";
  } catch {
    return "unreadable";
  }
}

/** Lines that are not blank. One longer than `maxBytes` is cut there, which no JSON survives. */
async function* lines(stream: Readable, maxBytes: number): AsyncGenerator<string> {
  let held = "";
  for await (const chunk of stream.setEncoding("utf8") as AsyncIterable<string>) {
    const complete = (held + chunk).split("\n");
    held = (complete.pop() ?? "").slice(0, maxBytes);
    for (const line of complete) if (line.trim() !== "") yield line.slice(0, maxBytes);
  }
}
