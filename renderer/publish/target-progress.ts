import * as z from "zod";
import type { Log } from "../../shared/log.ts";

const Publication = z.object({
  at: z.int().describe("Time of the attempt, in milliseconds since the epoch."),
  outcome: z
    .enum(["published", "rejected", "failed"])
    .describe("`rejected`: by the check or the reload. `failed`: will be retried."),
  generation: z.int().describe("Generation of the live file after the attempt."),
  sha256: z.string().optional().describe("SHA-256 of the published file, in hexadecimal."),
  error: z.string().optional().describe("Why the attempt did not succeed."),
});

/** The state of one target's file, as the status report has it. */
export const TargetState = z.object({
  destination: z.string().describe("File that the target writes; `-` for standard output."),
  pending: z.boolean().describe("True while the live file is not the wanted one."),
  error: z.string().optional().describe("Why the target is pending."),
  warning: z.string().optional().describe("Degraded operation, although the file is live."),
  publishedAt: z.int().optional().describe("Last publication by this process, in milliseconds since the epoch."),
  generation: z.int().describe("Number of publications of the file."),
  sha256: z.string().optional().describe("SHA-256 of the live file. Missing until the first publication is confirmed."),
  publications: z.array(Publication).describe("Recent attempts to publish, the latest first."),
});

export type TargetState = z.infer<typeof TargetState>;

/** How long a publication took, and how long the first change in it waited until it was live. */
export interface Durations {
  readonly durationMs: number;
  readonly changeToLiveMs: number;
}

/** Publications kept for each target: enough to show the latest ones. */
const MAX_PUBLICATIONS = 10;

const IN_PLACE = "the file itself is a mount, so it is overwritten in place and readers may see a partial file";
const IN_PLACE_HINT = "mount its directory instead";

/** Milliseconds that a server may be absent before this is logged: it starts after the renderer and stops before it. */
const ABSENT_MS = 10_000;

/** Records the state of one target's file, and logs each change of it once. */
export class TargetProgress {
  readonly #log: Log;
  /** Logs an absence that lasts. */
  #absence: NodeJS.Timeout | undefined;
  #state: TargetState;

  constructor(path: string, log: Log) {
    this.#log = log;
    this.#state = {
      destination: path,
      pending: false,
      generation: 0,
      publications: [],
    };
  }

  get state(): TargetState {
    return this.#state;
  }

  /** A first file without containers was written. */
  initialized(): void {
    this.#log("info", "publish.initialized", { path: this.#state.destination });
  }

  /** Sets the generation that was live before this process started. */
  restore(generation: number): void {
    this.#state = { ...this.#state, generation };
  }

  /** The file cannot be replaced, because it is a mount. */
  writtenInPlace(): void {
    if (this.#state.warning !== undefined) return;
    this.#state = { ...this.#state, warning: `${IN_PLACE}; ${IN_PLACE_HINT}` };
    this.#log("warn", "publish.degraded", { path: this.#state.destination, reason: IN_PLACE, hint: IN_PLACE_HINT });
  }

  /** The current revision is live; with a generation if it was published just now. */
  isLive(sha256: string, durations: Durations, generation?: number): void {
    this.stop();
    this.#state = { ...this.#state, pending: false, error: undefined, sha256 };
    if (generation === undefined) return;
    this.#state = { ...this.#state, publishedAt: Date.now(), generation };
    this.#note({ outcome: "published", generation, sha256 });
    this.#log("info", "publish.succeeded", { path: this.#state.destination, generation, sha256, ...durations });
  }

  /** The current revision is not live. Logged once for each error, and an absent server only if it remains absent. */
  troubled(outcome: "rejected" | "failed" | "absent", error: string, by?: "check" | "reload"): void {
    const isNew = error !== this.#state.error;
    this.#state = { ...this.#state, pending: true, error };
    if (outcome === "absent") {
      if (isNew) this.#absence ??= setTimeout(() => this.#logAbsence(), ABSENT_MS);
      return;
    }
    this.stop();
    if (isNew) this.#logTrouble(outcome, error, by);
  }

  /** Logs nothing that has not been logged yet. */
  stop(): void {
    clearTimeout(this.#absence);
    this.#absence = undefined;
  }

  #logAbsence(): void {
    this.#absence = undefined;
    this.#logTrouble("failed", this.#state.error ?? "");
  }

  #logTrouble(outcome: "rejected" | "failed", error: string, by?: "check" | "reload"): void {
    this.#note({ outcome, generation: this.#state.generation, error });
    const level = outcome === "rejected" ? "error" : "warn";
    this.#log(level, `publish.${outcome}`, { path: this.#state.destination, ...(by && { by }), error });
  }

  #note(publication: Omit<z.infer<typeof Publication>, "at">): void {
    const publications = [{ at: Date.now(), ...publication }, ...this.#state.publications];
    this.#state = { ...this.#state, publications: publications.slice(0, MAX_PUBLICATIONS) };
  }
}
