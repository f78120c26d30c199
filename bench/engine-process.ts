import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Answer, EngineCommand } from "./engine-command.ts";

/** The engine's process. */
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

  /** With `serve`, containers are HTTP servers on loopback addresses. */
  static async start(socketPath: string, serve = false): Promise<EngineProcess> {
    const host = fileURLToPath(new URL("engine-host.ts", import.meta.url));
    const child = fork(host, [socketPath, serve ? "serve" : ""], { execArgv: ["--import", "tsx"] });
    await once(child, "message");
    return new EngineProcess(socketPath, child);
  }

  /** Sends a command and resolves when the engine has completed it. */
  async send(command: EngineCommand): Promise<Answer> {
    const id = ++this.#lastId;
    const answered = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve));
    this.#process.send({ id, command });
    return await answered;
  }

  async close(): Promise<void> {
    const ended = once(this.#process, "exit");
    this.#process.disconnect();
    await ended;
  }
}
