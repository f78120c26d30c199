import { setTimeout as sleep } from "node:timers/promises";
import type { EngineProcess } from "./engine-process.ts";

/** Resolves when the engine was asked nothing for so long: a subject that asks much for one event is done with it. */
export async function quiet(engine: EngineProcess, forMs: number): Promise<void> {
  let asked = -1;
  for (;;) {
    const { requests } = await engine.tell({ kind: "requests" });
    if (requests === asked) return;
    asked = requests;
    await sleep(forMs);
  }
}
