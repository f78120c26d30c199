import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Log } from "../../../shared/log.ts";
import { safeWrite, WriteError } from "../../disk/safe-write.ts";
import type { Report } from "../report.ts";
import { statusPage, type Writing } from "./document.ts";
import { STYLE } from "./style.ts";

/** Milliseconds from a change until it is written, and at least between two writings. */
const SETTLE_MS = 1_000;

/** Of all time at most one part in this many goes into the page, however large it is. */
const SHARE = 20;

/** Milliseconds between two looks where nobody tells of a change, such as the days that are left of a certificate. */
const LOOK_MS = 15_000;

/**
 * Keeps the page's files as the report says. Nothing that goes wrong here harms anything else: it is told once and tried
 * again with the next change.
 */
export class PageWriter {
  readonly #directory: string;
  readonly #report: () => Report;
  readonly #log: Log;
  readonly #look: NodeJS.Timeout;
  #due: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #notBefore = 0;
  #written = "";
  #problem = "";
  #isStopped = false;

  constructor(directory: string, report: () => Report, log: Log) {
    this.#directory = directory;
    this.#report = report;
    this.#log = log;
    this.#look = setInterval(() => this.changed(), LOOK_MS);
    this.changed();
  }

  /** Something may have changed. */
  changed(): void {
    if (this.#isStopped || this.#due) return;
    const delay = Math.max(SETTLE_MS, this.#notBefore - performance.now());
    this.#due = setTimeout(() => {
      this.#due = undefined;
      this.#writing = this.#writing.then(async () => await this.#pass(false));
    }, delay);
  }

  /** Writes the last word, which says that it is. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#look);
    clearTimeout(this.#due);
    await this.#writing;
    await this.#pass(true);
  }

  async #pass(isLast: boolean): Promise<void> {
    const began = performance.now();
    try {
      await this.#write(isLast);
      this.#problem = "";
    } catch (error) {
      this.#written = "";
      this.#say(error instanceof WriteError ? error.message : `cannot be written: ${String(error)}`);
    }
    const now = performance.now();
    this.#notBefore = now + SHARE * (now - began);
  }

  async #write(isLast: boolean): Promise<void> {
    const report = this.#report();
    const hash = createHash("sha256")
      .update(JSON.stringify([report, isLast]))
      .digest("hex");
    if (hash === this.#written) return;
    const writing: Writing = { at: Date.now(), isLast };
    const json = { writtenAt: new Date(writing.at).toISOString(), isLast, ...report };
    if (this.#written === "") await this.#put("style.css", STYLE);
    await this.#put("status.json", `${JSON.stringify(json, undefined, 1)}\n`);
    await this.#put("index.html", statusPage(report, writing));
    this.#written = hash;
  }

  /** A page that is lost in a power cut is written anew at the next start: nobody waits for the disk. */
  async #put(name: string, text: string): Promise<void> {
    await safeWrite(join(this.#directory, name), Buffer.from(text), "nothing");
  }

  #say(problem: string): void {
    if (problem !== this.#problem) this.#log("warn", "page.failed", { problem });
    this.#problem = problem;
  }
}
