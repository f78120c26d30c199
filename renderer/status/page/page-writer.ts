import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Log } from "../../../shared/log.ts";
import { safeWrite, WriteError } from "../../disk/safe-write.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { Report } from "../report.ts";
import { VERSION } from "../version.ts";
import { statusPage, type Version } from "./document.ts";
import { SCRIPT } from "./filter.ts";
import { STYLE } from "./style.ts";

/** Milliseconds from a change until it is written, and at least between two versions. */
const DELAY_MS = 1_000;

/** The pause after a version is at least this many times as long as writing it took. */
const PAUSE_FACTOR = 20;

/** Milliseconds between checks for changes without an event, such as the days left of a certificate, and between metrics. */
const CHECK_MS = 15_000;

/**
 * Keeps the files of the page and the metrics up to date with the report. An error affects nothing else: it is logged once, and the next
 * change retries.
 */
export class PageWriter {
  readonly #directory: string;
  readonly #report: () => Report;
  readonly #metrics: Metrics;
  readonly #log: Log;
  readonly #check: NodeJS.Timeout;
  #due: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #notBefore = 0;
  #written = "";
  #error = "";
  #isStopped = false;

  constructor(directory: string, { report, metrics }: { report: () => Report; metrics: Metrics }, log: Log) {
    this.#directory = directory;
    this.#report = report;
    this.#metrics = metrics;
    this.#log = log;
    this.#check = setInterval(() => this.changed(), CHECK_MS);
    this.changed();
  }

  /** Schedules an update: the report may have changed. */
  changed(): void {
    if (this.#isStopped || this.#due) return;
    const delay = Math.max(DELAY_MS, this.#notBefore - performance.now());
    this.#due = setTimeout(() => {
      this.#due = undefined;
      this.#writing = this.#writing.then(async () => await this.#update(false));
    }, delay);
  }

  /** Writes the last version, marked as such. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#check);
    clearTimeout(this.#due);
    await this.#writing;
    await this.#update(true);
  }

  async #update(isLast: boolean): Promise<void> {
    const startedAt = performance.now();
    try {
      await this.#write(isLast);
      this.#error = "";
    } catch (error) {
      this.#written = "";
      this.#logError(error instanceof WriteError ? error.message : `cannot be written: ${String(error)}`);
    }
    const now = performance.now();
    this.#notBefore = now + PAUSE_FACTOR * (now - startedAt);
  }

  async #write(isLast: boolean): Promise<void> {
    const report = this.#report();
    await this.#put("metrics", this.#metrics.print(report, VERSION, Date.now()));
    const hash = createHash("sha256")
      .update(JSON.stringify([report, isLast]))
      .digest("hex");
    if (hash === this.#written) return;
    const version: Version = { at: Date.now(), isLast };
    const json = { writtenAt: new Date(version.at).toISOString(), isLast, ...report };
    if (this.#written === "") {
      await this.#put("style.css", STYLE);
      await this.#put("filter.js", SCRIPT);
    }
    await this.#put("status.json", `${JSON.stringify(json, undefined, 1)}\n`);
    await this.#put("index.html", statusPage(report, version));
    this.#written = hash;
  }

  /** Does not wait for the disk: the next start re-creates a page that a power failure destroys. */
  async #put(name: string, text: string): Promise<void> {
    await safeWrite(join(this.#directory, name), Buffer.from(text), "nothing");
  }

  #logError(error: string): void {
    if (error !== this.#error) this.#log("warn", "page.failed", { error });
    this.#error = error;
  }
}
