import { type ChildProcess, spawn, type SpawnOptions } from "node:child_process";
import { once } from "node:events";

/** Lines of output that are kept: enough to see why a process failed. */
const KEPT_LINES = 400;

/** Milliseconds from SIGTERM to SIGKILL. */
const STOP_MS = 5_000;

/** A child process that runs until it is stopped. Its output is kept and not shown. */
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

  /** The error of a process that has ended, or undefined. */
  get failure(): Error | undefined {
    return this.#ended === undefined ? undefined : new Error(`the ${this.name} has ended (${this.#ended})`);
  }

  async stop(): Promise<void> {
    if (this.#ended !== undefined || this.#child.exitCode !== null) return;
    const exited = once(this.#child, "exit");
    const killTimer = setTimeout(() => this.#child.kill("SIGKILL"), STOP_MS);
    this.#child.kill("SIGTERM");
    await exited;
    clearTimeout(killTimer);
  }

  #keep(text: string): void {
    this.#lines = [...this.#lines, ...text.trimEnd().split("\n")].slice(-KEPT_LINES);
  }
}
