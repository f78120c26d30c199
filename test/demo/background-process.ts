import { type ChildProcess, spawn, type SpawnOptions } from "node:child_process";
import { once } from "node:events";

/** Lines kept of what a process says: enough to see why it failed. */
const KEPT_LINES = 400;

/** How long a process may take to end by itself, in milliseconds. */
const FAREWELL_MS = 5_000;

/** A child process that runs until it is told to end; what it says is kept, not shown. */
export class BackgroundProcess {
  readonly name: string;
  readonly #child: ChildProcess;
  #lines: string[] = [];
  #ended: string | undefined;

  constructor(name: string, command: string, args: readonly string[], options: SpawnOptions = {}) {
    this.name = name;
    this.#child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => this.#keep(text));
    }
    this.#child.on("error", (error) => (this.#ended = error.message));
    this.#child.on("exit", (code, signal) => (this.#ended = `exit ${code ?? signal}`));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Once it has ended, nobody should wait for it any longer. */
  get failure(): Error | undefined {
    return this.#ended === undefined ? undefined : new Error(`the ${this.name} has ended (${this.#ended})`);
  }

  async stop(): Promise<void> {
    if (this.#ended !== undefined || this.#child.exitCode !== null) return;
    const exited = once(this.#child, "exit");
    const insist = setTimeout(() => this.#child.kill("SIGKILL"), FAREWELL_MS);
    this.#child.kill("SIGTERM");
    await exited;
    clearTimeout(insist);
  }

  #keep(text: string): void {
    this.#lines = [...this.#lines, ...text.trimEnd().split("\n")].slice(-KEPT_LINES);
  }
}
