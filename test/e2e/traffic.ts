import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, request } from "./stack.ts";

/** Milliseconds until a request fails, as long as nginx itself waits: a restarting Engine delays packets. */
const CLIENT_MS = 60_000;

/** Milliseconds between two requests of a client, which leave the processor to the programs under test. */
const PAUSE_MS = 5;

interface Expected {
  readonly text?: string;
  /** Retry once after a connection reset: some servers drop connections they have not accepted when they reload. */
  readonly mayReset?: boolean;
}

/** Clients that send requests one after the other in the background and record every failure. */
export class Traffic {
  readonly #stop = new AbortController();
  readonly #running: Promise<void>[];
  readonly #expected: Required<Expected>;
  readonly failures: string[] = [];
  requests = 0;

  /** Starts two clients for each host. Any response but 200 with the expected text is a failure. */
  constructor(at: { host: string; port: number }, hosts: readonly string[], expected: Expected = {}) {
    this.#expected = { text: "", mayReset: false, ...expected };
    this.#running = [...hosts, ...hosts].map((host) => this.#send(at, host));
  }

  /** Stops, waits for the requests in flight and returns the failures. */
  async end(): Promise<readonly string[]> {
    this.#stop.abort();
    await Promise.all(this.#running);
    return this.failures;
  }

  async #send(at: { host: string; port: number }, host: string): Promise<void> {
    while (!this.#stop.signal.aborted) {
      let answer = await this.#request(at, host);
      if (this.#expected.mayReset && answer.status === 0 && answer.body.includes("ECONNRESET"))
        answer = await this.#request(at, host);
      this.requests += 1;
      if (answer.status !== 200 || !answer.body.includes(this.#expected.text))
        this.failures.push(`${host}: ${answer.status} ${answer.body.slice(0, 200)}`);
      await sleep(PAUSE_MS);
    }
  }

  async #request(at: { host: string; port: number }, host: string): Promise<Answer> {
    return await request(at, host, "/traffic", CLIENT_MS).catch((error: unknown) => ({
      status: 0,
      body: String(error),
    }));
  }
}
