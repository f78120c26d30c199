import { setTimeout as sleep } from "node:timers/promises";
import { visit } from "./visit.ts";

/** Milliseconds between two requests: short enough to notice a gap, long enough to leave the processor to others. */
const PAUSE_MS = 10;

/** A client that sends requests to one host in the background. */
export class Visitor {
  readonly #stop = new AbortController();
  readonly #visiting: Promise<void>;
  #requests = 0;
  #failures: string[] = [];

  constructor(port: number, host: string) {
    this.#visiting = this.#visit(port, host);
  }

  /** Stops and returns the number of requests and the failures. */
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
      await sleep(PAUSE_MS);
    }
  }
}
