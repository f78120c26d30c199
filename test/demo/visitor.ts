import { setTimeout as sleep } from "node:timers/promises";
import { visit } from "./visit.ts";

/** Between two visits, in milliseconds: often enough to notice a gap, seldom enough to leave the machine to others. */
const EVERY_MS = 10;

/** A client that keeps asking one host while something happens to others. */
export class Visitor {
  readonly #stop = new AbortController();
  readonly #visiting: Promise<void>;
  #requests = 0;
  #failures: string[] = [];

  constructor(port: number, host: string) {
    this.#visiting = this.#visit(port, host);
  }

  /** Ends the visits and tells how they went. */
  async end(): Promise<{ readonly requests: number; readonly failures: readonly string[] }> {
    this.#stop.abort();
    await this.#visiting;
    return { requests: this.#requests, failures: this.#failures };
  }

  async #visit(port: number, host: string): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const answer = await visit(port, host);
      this.#requests += 1;
      if (answer.status !== 200) this.#failures.push(`${answer.status} ${answer.body.slice(0, 200)}`);
      await sleep(EVERY_MS);
    }
  }
}
