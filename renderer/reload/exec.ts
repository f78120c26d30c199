import type { Log } from "../../shared/log.ts";
import type { ServerControl, ControlResult } from "../publish/server-control.ts";
import { type Command, runCommand } from "./command.ts";

/** Lines of a command's output that are logged. */
const MAX_LOGGED_LINES = 100;

/** Reloads by a command, such as `nginx -s reload` if the renderer and nginx run on the same machine. */
export class ReloadCommand implements ServerControl {
  readonly #reload: Command;
  readonly #check: Command | undefined;
  readonly #log: Log | undefined;

  /** With a log, the command's output is logged line by line. */
  constructor(reload: Command, check: Command | undefined, log?: Log) {
    this.#reload = reload;
    this.#check = check;
    this.#log = log;
  }

  async check(candidate: string): Promise<ControlResult> {
    return await checkBy(this.#check, candidate);
  }

  async reload(): Promise<ControlResult> {
    return await runCommand(this.#reload, (text) => this.#logOutput(text));
  }

  onReady(): () => void {
    return () => undefined;
  }

  #logOutput(text: string): void {
    const lines = text.split("\n").filter((line) => line.trim() !== "");
    const [command = ""] = this.#reload.command;
    for (const line of lines.slice(0, MAX_LOGGED_LINES)) this.#log?.("info", "reload.output", { command, line });
    const more = lines.length - MAX_LOGGED_LINES;
    if (more > 0) this.#log?.("info", "reload.output", { command, line: `${more} more lines` });
  }
}

/** Runs a check with the candidate's path in place of `{candidate}`. Returns `unchecked` without a check. */
export async function checkBy(check: Command | undefined, candidate: string): Promise<ControlResult> {
  if (!check) return { kind: "unchecked" };
  const command = check.command.map((argument) => argument.replaceAll("{candidate}", candidate));
  return await runCommand({ command, timeout: check.timeout });
}
