import { mkdtemp, rm } from "node:fs/promises";
import { type IncomingHttpHeaders, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Readable } from "node:stream";
// oxlint-disable-next-line no-restricted-imports -- the stand-in must satisfy the client that the agent uses
import Docker from "dockerode";
import { type Engine, type EngineOptions, startEngine } from "./engine.ts";

/** The client library, under a name of its own: nobody else imports it. */
export type Client = Docker;

/** An engine on a socket in a new directory and a client for it; both are gone when the test ends. */
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

/** A connection for each request: a kept one would outlive an engine that goes away. */
export function clientOf(socketPath: string): Client {
  const docker = new Docker({ socketPath });
  Object.assign(docker.modem as object, { agent: false });
  return docker;
}

/** An event as it came over the wire. */
export interface WireEvent {
  readonly Type: string;
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Readonly<Record<string, string>> };
  readonly [field: string]: unknown;
}

/** What is told from now on: grows by itself until the test ends. */
export async function listen(t: TestContext, docker: Client, filters: object = {}): Promise<WireEvent[]> {
  const { heard, stop } = await collect(docker, filters);
  t.after(stop);
  return heard;
}

/** The same without a test. */
export async function collect(docker: Client, filters: object): Promise<{ heard: WireEvent[]; stop: () => void }> {
  const stream = (await docker.getEvents({ filters: JSON.stringify(filters) })) as Readable;
  const heard: WireEvent[] = [];
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("error", () => {});
  stream.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    heard.push(...lines.map((line) => JSON.parse(line) as WireEvent));
  });
  return { heard, stop: () => stream.destroy() };
}

/** An event in few words: `kill web 15`, `connect front web`. */
export function brief(engine: Engine, { Type, Action, Actor }: WireEvent): string {
  const { name = "", signal, container } = Actor.Attributes;
  if (Type === "network") return [Action, name, container ? engine.container(container).name : ""].join(" ").trim();
  return [Action, name, signal ?? ""].join(" ").trim();
}

/** What an engine answered, however wrong: `complete` is false when it broke off. */
export interface Exchange {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly complete: boolean;
}

/** One request without a client library. Rejects when no answer came at all. */
export async function ask(socketPath: string, path: string, method = "GET"): Promise<Exchange> {
  return await new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, method, agent: false }, (response) => {
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
    asked.on("error", reject);
    asked.end();
  });
}
