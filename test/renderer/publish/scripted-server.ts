import { readFileSync } from "node:fs";
import type { ServerControl, Verdict } from "../../../renderer/publish/server-control.ts";

export const OK: Verdict = { kind: "ok" };
export const AWAY: Verdict = { kind: "unavailable", message: "away" };
export const REFUSED: Verdict = { kind: "rejected", message: "no" };

/** A server whose verdicts are set by the test; it serves what was live at its last reload. */
export class ScriptedServer implements ServerControl {
  checked: Verdict = OK;
  reloaded: Verdict = OK;
  served = "";
  #ready: () => void = () => undefined;
  readonly #live: string;

  constructor(live: string) {
    this.#live = live;
  }

  async check(): Promise<Verdict> {
    return await Promise.resolve(this.checked);
  }

  async reload(): Promise<Verdict> {
    if (this.reloaded.kind === "ok") this.served = readFileSync(this.#live, "utf8");
    return await Promise.resolve(this.reloaded);
  }

  onReady(callback: () => void): () => void {
    this.#ready = callback;
    return () => undefined;
  }

  comeBack(): void {
    this.checked = OK;
    this.reloaded = OK;
    this.#ready();
  }
}
