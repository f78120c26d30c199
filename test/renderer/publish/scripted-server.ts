import { readFileSync } from "node:fs";
import type { ServerControl, ControlResult } from "../../../renderer/publish/server-control.ts";

export const OK: ControlResult = { kind: "ok" };
export const AWAY: ControlResult = { kind: "unavailable", message: "away" };
export const REFUSED: ControlResult = { kind: "rejected", message: "no" };

/** A server whose verdicts are set by the test; it serves what was live at its last reload. */
export class ScriptedServer implements ServerControl {
  checked: ControlResult = OK;
  reloaded: ControlResult = OK;
  served = "";
  #ready: () => void = () => undefined;
  readonly #live: string;

  constructor(live: string) {
    this.#live = live;
  }

  async check(): Promise<ControlResult> {
    return await Promise.resolve(this.checked);
  }

  async reload(): Promise<ControlResult> {
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
