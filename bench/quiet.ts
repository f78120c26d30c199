import { setTimeout as sleep } from "node:timers/promises";
import type { EngineProcess } from "./engine-process.ts";

/** Resolves when the engine has received no request for this time: the subject has processed the last event. */
export async function quiet(engine: EngineProcess, forMs: number): Promise<void> {
  let last = -1;
  for (;;) {
    const { requests } = await engine.send({ kind: "requests" });
    if (requests === last) return;
    last = requests;
    await sleep(forMs);
  }
}
