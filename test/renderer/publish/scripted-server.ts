import { readFileSync } from "node:fs";
import { RenderedFile } from "../../../renderer/publish/rendered-file.ts";
import type { NextRevision, RevisionSource } from "../../../renderer/publish/revision.ts";
import type { ControlResult, ServerControl, ServerState } from "../../../renderer/publish/server-control.ts";

export const OK: ControlResult = { kind: "ok" };
export const AWAY: ControlResult = { kind: "unavailable", message: "away" };
export const REFUSED: ControlResult = { kind: "rejected", message: "no" };

/** A server whose results are set by the test; it serves what was live at its last reload. */
export class ScriptedServer implements ServerControl {
  checked: ControlResult = OK;
  reloaded: ControlResult = OK;
  served = "";
  #ready: (state: ServerState) => void = () => undefined;
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

  onReady(callback: (state: ServerState) => void): () => void {
    this.#ready = callback;
    return () => undefined;
  }

  comeBack(): void {
    this.checked = OK;
    this.reloaded = OK;
    this.#ready("ready");
  }
}

/** A source of revisions of one file with the text that the test sets. */
export function revisionsOf(text: () => string | Exclude<NextRevision, { kind: "revision" }>): RevisionSource {
  const revision = (): Exclude<NextRevision, { kind: "blocked" }> => {
    const wanted = text();
    if (typeof wanted !== "string") return { kind: "failed", error: "no text" };
    return { kind: "revision", files: [new RenderedFile(Buffer.from(wanted))], published: () => undefined };
  };
  return {
    next: async () => {
      const wanted = text();
      return await Promise.resolve(typeof wanted === "string" ? revision() : wanted);
    },
    initial: async () => await Promise.resolve(revision()),
  };
}
