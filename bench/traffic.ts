import type { EngineProcess } from "./engine-process.ts";
import { quiet } from "./quiet.ts";

/** Milliseconds without requests after which an event is processed. */
const SETTLE_MS = 1_000;

/** Requests and bytes on the Docker socket for one event, by the kind of event. */
export interface Traffic {
  readonly requests: Readonly<Record<string, number>>;
  /** Both directions, including the event itself. */
  readonly bytes: Readonly<Record<string, number>>;
}

/** Creates one event of each kind and counts the requests that follow. */
export async function trafficPerEvent(engine: EngineProcess): Promise<Traffic> {
  const name = "counted";
  await engine.send({ kind: "create", name });
  await quiet(engine, SETTLE_MS);
  const commands = {
    start: { kind: "start", name },
    health: { kind: "health", name, to: "unhealthy" },
    rename: { kind: "rename", name, to: "recounted" },
    stop: { kind: "stop", name: "recounted" },
    destroy: { kind: "remove", name: "recounted" },
    die: { kind: "crash", name: "app0" },
  } as const;
  const requests: Record<string, number> = {};
  const bytes: Record<string, number> = {};
  for (const [event, command] of Object.entries(commands)) {
    const before = await engine.send({ kind: "requests" });
    await engine.send(command);
    await quiet(engine, SETTLE_MS);
    const after = await engine.send({ kind: "requests" });
    requests[event] = after.requests - before.requests;
    bytes[event] = after.bytes - before.bytes;
  }
  return { requests, bytes };
}
