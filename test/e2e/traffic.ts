import { type Answer, request } from "./stack.ts";

/** This client gives up only when nginx itself would: a restarting Engine delays what is on its way. */
const CLIENT_MS = 60_000;

interface Expected {
  readonly text?: string;
  /** The server gives up connections that it has not accepted when it reloads: those are tried once more. */
  readonly mayReset?: boolean;
}

/** A client that keeps asking while something happens, and remembers every failure. */
export class Traffic {
  readonly #stop = new AbortController();
  readonly #running: Promise<void>[];
  readonly #expected: Required<Expected>;
  readonly failures: string[] = [];
  requests = 0;

  /** Two askers for each host; any answer but 200, with this text in it, is a failure. */
  constructor(at: { host: string; port: number }, hosts: readonly string[], expected: Expected = {}) {
    this.#expected = { text: "", mayReset: false, ...expected };
    this.#running = [...hosts, ...hosts].map((host) => this.#ask(at, host));
  }

  /** Stops, waits for what is under way, and gives the failures. */
  async end(): Promise<readonly string[]> {
    this.#stop.abort();
    await Promise.all(this.#running);
    return this.failures;
  }

  async #ask(at: { host: string; port: number }, host: string): Promise<void> {
    while (!this.#stop.signal.aborted) {
      let answer = await this.#answer(at, host);
      if (this.#expected.mayReset && answer.status === 0 && answer.body.includes("ECONNRESET"))
        answer = await this.#answer(at, host);
      this.requests += 1;
      if (answer.status !== 200 || !answer.body.includes(this.#expected.text))
        this.failures.push(`${host}: ${answer.status} ${answer.body.slice(0, 200)}`);
    }
  }

  async #answer(at: { host: string; port: number }, host: string): Promise<Answer> {
    return await request(at, host, "/traffic", CLIENT_MS).catch((error: unknown) => ({
      status: 0,
      body: String(error),
    }));
  }
}
