import type { EngineProcess } from "./engine-process.ts";
import { quiet } from "./quiet.ts";

/** Milliseconds after which nobody asks because of an event any more. */
const SETTLE_MS = 1_000;

/** What passes the Docker socket for one event, by the event's kind. */
export interface Traffic {
  readonly requests: Readonly<Record<string, number>>;
  /** Both ways, the event itself included. */
  readonly bytes: Readonly<Record<string, number>>;
}

/** Lets one event of each kind happen and counts until nothing more is asked. */
export async function trafficPerEvent(engine: EngineProcess): Promise<Traffic> {
  const name = "counted";
  await engine.tell({ kind: "create", name });
  await quiet(engine, SETTLE_MS);
  const words = {
    start: { kind: "start", name },
    health: { kind: "health", name, to: "unhealthy" },
    rename: { kind: "rename", name, to: "recounted" },
    stop: { kind: "stop", name: "recounted" },
    destroy: { kind: "remove", name: "recounted" },
    die: { kind: "crash", name: "app0" },
  } as const;
  const requests: Record<string, number> = {};
  const bytes: Record<string, number> = {};
  for (const [event, word] of Object.entries(words)) {
    const before = await engine.tell({ kind: "requests" });
    await engine.tell(word);
    await quiet(engine, SETTLE_MS);
    const after = await engine.tell({ kind: "requests" });
    requests[event] = after.requests - before.requests;
    bytes[event] = after.bytes - before.bytes;
  }
  return { requests, bytes };
}
