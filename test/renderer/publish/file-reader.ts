import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** Reads the file as fast as it can, counts how often the text changes, and keeps the first text that is not expected. */
const LOOP = `
const { readFileSync } = require("node:fs");
const { parentPort, workerData } = require("node:worker_threads");
const { path, texts, shared } = workerData;
const [STOP, CHANGES] = [0, 1];
const flags = new Int32Array(shared);
let last;
let unexpected;
while (Atomics.load(flags, STOP) === 0) {
  const text = readFileSync(path, "utf8");
  if (!texts.includes(text)) unexpected ??= text.length + " bytes";
  if (text !== last) Atomics.add(flags, CHANGES, 1);
  last = text;
}
parentPort.postMessage(unexpected);
`;

/** A thread that reads a file all the time, while the file is replaced in the thread of the test. */
export class FileReader {
  readonly #flags = new Int32Array(new SharedArrayBuffer(8));
  readonly #worker: Worker;

  constructor(path: string, texts: readonly string[]) {
    this.#worker = new Worker(LOOP, {
      eval: true,
      execArgv: [],
      workerData: { path, texts, shared: this.#flags.buffer },
    });
  }

  /** How often the thread has seen another text than before. */
  changes(): number {
    return Atomics.load(this.#flags, 1);
  }

  /** Stops the thread. Resolves with a description of the first text that was not expected, if there was one. */
  async stop(): Promise<string | undefined> {
    const answer = once(this.#worker, "message") as Promise<[string | undefined]>;
    Atomics.store(this.#flags, 0, 1);
    return (await answer)[0];
  }
}
