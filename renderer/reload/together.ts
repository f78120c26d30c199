import type { ServerControl, ControlResult } from "../publish/server-control.ts";

/** Several who read one file: told one after the other, in their order. */
export class ReloadTogether implements ServerControl {
  readonly #controls: readonly ServerControl[];

  constructor(controls: readonly ServerControl[]) {
    this.#controls = controls;
  }

  /** Ends with the first that refuses or cannot be reached; `ok` when somebody looked. */
  async check(candidate: string, isBeside: boolean): Promise<ControlResult> {
    let all: ControlResult = { kind: "unchecked" };
    for (const control of this.#controls) {
      const found = await control.check(candidate, isBeside);
      if (found.kind === "rejected" || found.kind === "unavailable") return found;
      if (found.kind === "ok") all = found;
    }
    return all;
  }

  /** Ends with the first that does not take it up, and says when others have. */
  async reload(): Promise<ControlResult> {
    for (const [index, control] of this.#controls.entries()) {
      const found = await control.reload();
      if (found.kind === "rejected" || found.kind === "unavailable") {
        return index === 0 ? found : { ...found, isPartial: true };
      }
    }
    return { kind: "ok" };
  }

  onReady(callback: () => void): () => void {
    const stops = this.#controls.map((control) => control.onReady(callback));
    return () => {
      for (const stop of stops) stop();
    };
  }
}
