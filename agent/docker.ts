import type { Readable } from "node:stream";
import Docker from "dockerode";
import { DockerError } from "./docker-error.ts";
import { EVENT_FILTERS, isContainerId, limits } from "./gate.ts";
import { EngineEvent, EngineVersion, Inspected, Listed } from "./inspected.ts";
import { type DockerCall, gatedTransport } from "./transport.ts";

/**
 * API versions we read correctly: 1.40 (Engine 19.03) is the first with all we need, 1.47 (Engine
 * 27) is what Engine 29, which refuses clients below 1.44, still speaks.
 */
const OLDEST_API = 40;
const NEWEST_API = 47;

/** What the agent asks of Docker. Every failure is a DockerError; an answer is complete and parsed. */
export interface DockerReader {
  /** Chooses and pins the API version. Call it anew after the engine was away: it may be another. */
  negotiate(): Promise<string>;
  /** All containers in any state, and how many entries were too odd to be read. */
  list(): Promise<{ listed: Listed[]; unreadable: number }>;
  /** One container as the list shows it, without environment; undefined when there is none. */
  listOne(id: string): Promise<Listed | undefined>;
  inspect(id: string): Promise<Inspected>;
  /** Events from now on; returned once Docker has answered, so whatever happens later is in it. */
  events(signal: AbortSignal): Promise<AsyncIterable<EngineEvent | "unreadable">>;
}

/** The only user of dockerode, behind the gate. `onCall` hears of every request, made or refused. */
export function createDockerReader(socketPath: string, onCall: (call: DockerCall) => void): DockerReader {
  const client = gatedClient(socketPath, onCall);
  const modem = client.modem as { version?: string };
  return {
    async negotiate() {
      delete modem.version;
      const engine = parse(EngineVersion, await client.version());
      modem.version = `v1.${chooseMinor(engine)}`;
      return modem.version;
    },
    async list() {
      const answer: unknown = await client.listContainers({ all: true });
      if (!Array.isArray(answer)) throw new DockerError("docker.schema");
      const parsed = answer.map((entry) => Listed.safeParse(entry).data);
      const listed = parsed.filter((entry) => entry !== undefined);
      return { listed, unreadable: parsed.length - listed.length };
    },
    async listOne(id) {
      if (!isContainerId(id)) throw new DockerError("gate.route");
      const answer: unknown = await client.listContainers({ all: true, filters: { id: [id] } });
      if (!Array.isArray(answer) || answer.length > 1) throw new DockerError("docker.schema");
      return answer.length === 0 ? undefined : parse(Listed, answer[0]);
    },
    async inspect(id) {
      if (!isContainerId(id)) throw new DockerError("gate.route");
      const inspected = parse(Inspected, await client.getContainer(id).inspect());
      if (inspected.Id !== id) throw new DockerError("docker.schema");
      return inspected;
    },
    async events(signal) {
      const stream = (await client.getEvents({ filters: JSON.stringify(EVENT_FILTERS) })) as unknown as Readable;
      return eventLines(stream, signal);
    },
  };
}

/** A dockerode whose every request meets the gate. Exported for the test that tries them all. */
export function gatedClient(socketPath: string, onCall: (call: DockerCall) => void): Docker {
  const client = new Docker({ socketPath });
  Object.assign(client.modem as object, { buildRequest: gatedTransport(socketPath, onCall) });
  return client;
}

/** The newest version both speak. Throws `docker.version` when there is none. */
function chooseMinor(engine: { ApiVersion: string; MinAPIVersion?: string | null | undefined }): number {
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

function parse<T>(schema: { safeParse(value: unknown): { data?: T } }, value: unknown): T {
  const { data } = schema.safeParse(value);
  if (data === undefined) throw new DockerError("docker.schema");
  return data;
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
    for await (const line of lines(stream, limits.events.maxBytes)) {
      yield line === undefined ? "unreadable" : read(line);
    }
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

/** Lines of a byte stream; undefined stands for one longer than `maxBytes`, of which nothing is kept. */
async function* lines(stream: Readable, maxBytes: number): AsyncGenerator<string | undefined> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  for await (const chunk of stream) {
    let rest = chunk as Buffer;
    for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a)) {
      heldBytes += end;
      held.push(rest.subarray(0, end));
      const line = Buffer.concat(held).toString("utf8");
      if (heldBytes > maxBytes) yield undefined;
      else if (line.trim() !== "") yield line;
      rest = rest.subarray(end + 1);
      held = [];
      heldBytes = 0;
    }
    heldBytes += rest.length;
    if (heldBytes <= maxBytes) held.push(rest);
    else held = [];
  }
}
