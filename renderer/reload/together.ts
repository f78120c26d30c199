import type { ControlResult, ServerControl, ServerState } from "../publish/server-control.ts";

/** Several servers that read one file. They are reloaded one after the other, in their order. */
export class ReloadTogether implements ServerControl {
  readonly #controls: readonly ServerControl[];

  constructor(controls: readonly ServerControl[]) {
    this.#controls = controls;
  }

  /** The oldest version: every server must accept the file. Undefined if one is unknown. */
  get version(): string | undefined {
    const versions = this.#controls.map(({ version }) => version);
    if (versions.includes(undefined)) return undefined;
    return versions.toSorted((a, b) => a!.localeCompare(b!, "en", { numeric: true }))[0];
  }

  /** Stops at the first server that rejects or cannot be reached. Returns `ok` if at least one has a check. */
  async check(candidate: string, isBelowLive: boolean): Promise<ControlResult> {
    let all: ControlResult = { kind: "unchecked" };
    for (const control of this.#controls) {
      const found = await control.check(candidate, isBelowLive);
      if (found.kind === "rejected" || found.kind === "unavailable") return found;
      if (found.kind === "ok") all = found;
    }
    return all;
  }

  /** Stops at the first server that fails; the result states whether others already run the file. */
  async reload(): Promise<ControlResult> {
    for (const [index, control] of this.#controls.entries()) {
      const found = await control.reload();
      if (found.kind === "rejected" || found.kind === "unavailable") {
        return index === 0 ? found : { ...found, isPartial: true };
      }
    }
    return { kind: "ok" };
  }

  onReady(callback: (state: ServerState) => void): () => void {
    const stops = this.#controls.map((control) => control.onReady(callback));
    return () => {
      for (const stop of stops) stop();
    };
  }
}
