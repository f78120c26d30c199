import { type Answer, request } from "./stack.ts";

/** This client gives up only when nginx itself would: a restarting Engine delays what is on its way. */
const CLIENT_MS = 60_000;

/** A client that keeps asking while something happens, and remembers every failure. */
export class Traffic {
  readonly #stop = new AbortController();
  readonly #running: Promise<void>[];
  readonly #text: string;
  readonly failures: string[] = [];
  requests = 0;

  /** Two askers for each host; any answer but 200, with this text in it, is a failure. */
  constructor(at: { host: string; port: number }, hosts: readonly string[], text = "") {
    this.#text = text;
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
      const answer = await request(at, host, "/traffic", CLIENT_MS).catch((error: unknown): Answer => ({
        status: 0,
        body: String(error),
      }));
      this.requests += 1;
      if (answer.status !== 200 || !answer.body.includes(this.#text))
        this.failures.push(`${host}: ${answer.status} ${answer.body.slice(0, 200)}`);
    }
  }
}
