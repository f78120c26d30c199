import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Answer, Word } from "./engine-words.ts";

/** The engine's process, as its parent sees it. */
export class EngineProcess {
  readonly socketPath: string;
  readonly #process: ChildProcess;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #lastId = 0;

  private constructor(socketPath: string, process: ChildProcess) {
    this.socketPath = socketPath;
    this.#process = process;
    process.on("message", ({ id, answer }: { id: number; answer: Answer }) => {
      this.#waiting.get(id)?.(answer);
      this.#waiting.delete(id);
    });
  }

  /** With `serve` its containers are real HTTP servers at loopback addresses. */
  static async start(socketPath: string, serve = false): Promise<EngineProcess> {
    const host = fileURLToPath(new URL("engine-host.ts", import.meta.url));
    const child = fork(host, [socketPath, serve ? "serve" : ""], { execArgv: ["--import", "tsx"] });
    await once(child, "message");
    return new EngineProcess(socketPath, child);
  }

  /** Does it; resolves when it is done. */
  async tell(word: Word): Promise<Answer> {
    const id = ++this.#lastId;
    const answered = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    this.#process.send({ id, word });
    return await answered;
  }

  async close(): Promise<void> {
    const ended = once(this.#process, "exit");
    this.#process.disconnect();
    await ended;
  }
}
