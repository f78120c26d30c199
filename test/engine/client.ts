import { mkdtemp, rm } from "node:fs/promises";
import { type IncomingHttpHeaders, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Readable } from "node:stream";
// oxlint-disable-next-line no-restricted-imports -- the embedded engine must work with the agent's client
import Docker from "dockerode";
import { type Engine, type EngineOptions, startEngine } from "./engine.ts";

/** The client library. Only this file imports it. */
export type Client = Docker;

/** Starts an engine on a new socket and returns it with a client. Both are closed when the test ends. */
export async function engineWithClient(
  t: TestContext,
  options: Omit<EngineOptions, "socketPath"> = {},
): Promise<{ engine: Engine; docker: Client }> {
  const directory = await mkdtemp(join(tmpdir(), "sallyport-engine-"));
  const engine = await startEngine({ socketPath: join(directory, "docker.sock"), ...options });
  t.after(async () => {
    await engine.close();
    await rm(directory, { recursive: true });
  });
  return { engine, docker: clientOf(engine.socketPath) };
}

/** Creates a client without keep-alive, whose connections would outlive a stopped engine. */
export function clientOf(socketPath: string): Client {
  const docker = new Docker({ socketPath });
  Object.assign(docker.modem as object, { agent: false });
  return docker;
}

/** An event as received. */
export interface WireEvent {
  readonly Type: string;
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
  readonly [field: string]: unknown;
}

/** Returns an array that grows by each event until the test ends. */
export async function listen(t: TestContext, docker: Client, filters: object = {}): Promise<WireEvent[]> {
  const { received, stop } = await collect(docker, filters);
  t.after(stop);
  return received;
}

/** Like `listen`, without a test context. */
export async function collect(docker: Client, filters: object): Promise<{ received: WireEvent[]; stop: () => void }> {
  const stream = (await docker.getEvents({ filters: JSON.stringify(filters) })) as Readable;
  const received: WireEvent[] = [];
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("error", () => {});
  stream.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    received.push(...lines.map((line) => JSON.parse(line) as WireEvent));
  });
  return { received, stop: () => stream.destroy() };
}

/** Returns a short form of an event: `kill web 15`, `connect front web`. */
export function brief(engine: Engine, { Type, Action, Actor }: WireEvent): string {
  const { name = "", signal, container } = Actor.Attributes;
  if (Type === "network") return [Action, name, container ? engine.container(container).name : ""].join(" ").trim();
  return [Action, name, signal ?? ""].join(" ").trim();
}

/** A raw response. `complete` is false when it was truncated. */
export interface Exchange {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly complete: boolean;
}

/** Sends one request without a client library. Rejects when no response arrives. */
export async function fetchRaw(socketPath: string, path: string, method = "GET"): Promise<Exchange> {
  return await new Promise((resolve, reject) => {
    const sent = request({ socketPath, path, method, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => (text += part));
      response.on("error", () => {});
      response.on("close", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          complete: response.complete,
        }),
      );
    });
    sent.on("error", reject);
    sent.end();
  });
}
