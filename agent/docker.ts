import { addAbortSignal, type Readable } from "node:stream";
import Docker from "dockerode";
import * as z from "zod";
import { DockerError } from "./docker-error.ts";
import {
  EVENT_FILTERS,
  isFullId,
  isSwarmId,
  limits,
  serviceFilters,
  SWARM_EVENT_FILTERS,
  taskFilters,
} from "./gate.ts";
import { EngineEvent, EngineVersion, InspectedImage } from "./engine-response.ts";
import { ServiceEvent } from "./swarm/answers.ts";
import { Inspected, ListEntry, type Observed, UnreadableEntry, withLabels } from "./observed.ts";
import { type DockerCall, gatedTransport, type ReadEntry } from "./transport.ts";

/**
 * Supported API versions: 1.40 (Engine 19.03) is the first with all required fields, 1.55 (Engine 29.7) the newest tested.
 * Engine 29.0 to 29.2 reject clients below 1.44.
 */
const OLDEST_API = 40;
const NEWEST_API = 55;

/**
 * The agent's requests to Docker, and the only user of dockerode. Responses are complete and validated;
 * every failure is a DockerError. `onCall` is called for each request, sent or refused.
 */
export class DockerReader {
  readonly #client: Docker;

  #negotiated: Promise<unknown> | undefined;

  /** `keepsLabel` returns whether a label in the list is needed; other labels are only counted. */
  constructor(
    socketPath: string,
    onCall: (call: DockerCall) => void,
    keepsLabel: (name: string) => boolean,
    isSwarm = false,
  ) {
    const read: ReadEntry = (entry, route) => {
      if (route !== "list") return entry;
      const parsed = ListEntry.safeParse(entry).data ?? UnreadableEntry.safeParse(entry).data;
      return parsed && withLabels(parsed, keepsLabel);
    };
    this.#client = gatedClient(socketPath, onCall, read, isSwarm);
  }

  /** Selects and pins the API version. Call it after each reconnect: the Engine may have been replaced. */
  async negotiate(): Promise<string> {
    const modem = this.#client.modem as { version?: string };
    delete modem.version;
    const version = this.#client.version();
    this.#negotiated = version.catch(() => undefined);
    modem.version = `v1.${chooseMinor(parse(EngineVersion, await version))}`;
    return modem.version;
  }

  /**
   * Lists all containers in any state. Of an entry that is too large or has an unexpected format only the id is used;
   * entries without one are counted.
   */
  async list(): Promise<{ listed: Observed[]; unreadable: number }> {
    const entries = (await this.#client.listContainers({ all: true })) as unknown as (Observed | undefined)[];
    const listed = entries.filter((entry) => entry !== undefined);
    return { listed, unreadable: entries.length - listed.length };
  }

  /** Lists one container, without its environment. Throws 404, like inspect, when it does not exist. */
  async listOne(id: string): Promise<Observed> {
    if (!isFullId(id)) throw new DockerError("gate.route");
    const entries: unknown = await this.#client.listContainers({ all: true, filters: { id: [id] } });
    const [entry] = parse(z.array(ListEntry).max(1), entries);
    if (!entry) throw new DockerError("docker.status", "404");
    return entry;
  }

  async inspect(id: string): Promise<Observed> {
    if (!isFullId(id)) throw new DockerError("gate.route");
    const inspected = parse(Inspected, await this.#client.getContainer(id).inspect());
    if (inspected.id !== id) throw new DockerError("docker.schema");
    return inspected;
  }

  async inspectImage(id: string): Promise<InspectedImage> {
    if (!isFullId(id)) throw new DockerError("gate.route");
    const inspected = parse(InspectedImage, await this.#client.getImage(id).inspect());
    if (inspected.Id !== id) throw new DockerError("docker.schema");
    return inspected;
  }

  /** Subscribes to events. Resolves when Docker has responded, so that every later event is included. */
  async events(signal: AbortSignal): Promise<AsyncIterable<EngineEvent | "unreadable">> {
    const stream = await this.#client.getEvents({ filters: JSON.stringify(EVENT_FILTERS) });
    return eventLines(stream as unknown as Readable, signal, EngineEvent);
  }

  /** Lists at most eight services of the swarm, or all. Entries are not validated; of one that is too large only the id is read. */
  async services(ids: readonly string[] = []): Promise<unknown[]> {
    if (!ids.every(isSwarmId)) throw new DockerError("gate.route");
    await this.#negotiated;
    const filters = ids.length === 0 ? {} : { filters: JSON.stringify(serviceFilters(ids)) };
    return parse(z.array(z.unknown()), await this.#client.listServices(filters));
  }

  async nodes(): Promise<unknown[]> {
    await this.#negotiated;
    return parse(z.array(z.unknown()), await this.#client.listNodes());
  }

  /** Lists the tasks that the swarm wants to run, of at most eight services or of all. Throws 404 if one of the services is gone. */
  async tasks(services: readonly string[] = []): Promise<unknown[]> {
    if (!services.every(isSwarmId)) throw new DockerError("gate.route");
    await this.#negotiated;
    const filters = JSON.stringify(taskFilters(services));
    return parse(z.array(z.unknown()), await this.#client.listTasks({ filters }));
  }

  /** Subscribes to events of services and nodes, like `events`. The stream of a worker is empty. */
  async serviceEvents(signal: AbortSignal): Promise<AsyncIterable<ServiceEvent | "unreadable">> {
    await this.#negotiated;
    const stream = await this.#client.getEvents({ filters: JSON.stringify(SWARM_EVENT_FILTERS) });
    return eventLines(stream as unknown as Readable, signal, ServiceEvent);
  }
}

/** Creates a dockerode client whose every request passes the gate. Exported for the test that tries every method. */
export function gatedClient(
  socketPath: string,
  onCall: (call: DockerCall) => void,
  readEntry: ReadEntry,
  isSwarm = false,
): Docker {
  const client = new Docker({ socketPath });
  Object.assign(client.modem as object, { buildRequest: gatedTransport(socketPath, onCall, readEntry, isSwarm) });
  return client;
}

/** Returns the newest minor version supported by both. Throws `docker.version` when the ranges do not overlap. */
function chooseMinor(engine: EngineVersion): number {
  const [first, last] = [minorOf(engine.MinAPIVersion || `1.${OLDEST_API}`), minorOf(engine.ApiVersion)];
  if (last >= OLDEST_API && first <= NEWEST_API) return Math.min(NEWEST_API, last);
  const ranges = `Docker has 1.${first} to 1.${last}, the agent 1.${OLDEST_API} to 1.${NEWEST_API}`;
  throw new DockerError("docker.version", ranges);
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
 * Parses one event per line. A line that is too long or has an unexpected format yields "unreadable": only a
 * new list can show what happened. The end of the stream is an error.
 */
async function* eventLines<T>(
  stream: Readable,
  signal: AbortSignal,
  schema: z.ZodType<T>,
): AsyncGenerator<T | "unreadable"> {
  addAbortSignal(signal, stream);
  try {
    for await (const line of lines(stream, limits.events.maxBytes)) yield parseEvent(line, schema);
  } catch {
    // Docker closed the stream, or the signal aborted: the caller handles both alike.
  } finally {
    stream.destroy();
  }
  throw new DockerError("docker.ended");
}

function parseEvent<T>(line: string, schema: z.ZodType<T>): T | "unreadable" {
  try {
    return schema.safeParse(JSON.parse(line)).data ?? "unreadable";
  } catch {
    return "unreadable";
  }
}

/** Yields non-blank lines. A line longer than `maxBytes` is truncated and therefore invalid JSON. */
async function* lines(stream: Readable, maxBytes: number): AsyncGenerator<string> {
  let held = "";
  for await (const chunk of stream.setEncoding("utf8") as AsyncIterable<string>) {
    const complete = (held + chunk).split("\n");
    held = (complete.pop() ?? "").slice(0, maxBytes);
    for (const line of complete) if (line.trim() !== "") yield line.slice(0, maxBytes);
  }
}
