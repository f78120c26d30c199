import type { ServerControl, Verdict } from "../publish/server-control.ts";
import { type Command, runCommand } from "./command.ts";

/** Reloads by a command, such as `nginx -s reload` where renderer and nginx share a machine. */
export class ReloadCommand implements ServerControl {
  readonly #reload: Command;
  readonly #check: Command | undefined;

  constructor(reload: Command, check: Command | undefined) {
    this.#reload = reload;
    this.#check = check;
  }

  async check(candidate: string): Promise<Verdict> {
    return await checkBy(this.#check, candidate);
  }

  async reload(): Promise<Verdict> {
    return await runCommand(this.#reload);
  }

  onReady(): () => void {
    return () => undefined;
  }
}

/** Runs a check with the candidate's path in place of `{candidate}`; without one, nobody looked. */
export async function checkBy(check: Command | undefined, candidate: string): Promise<Verdict> {
  if (!check) return { kind: "unchecked" };
  const command = check.command.map((word) => word.replaceAll("{candidate}", candidate));
  return await runCommand({ command, timeout: check.timeout });
}
