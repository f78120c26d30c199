import { execFile } from "node:child_process";
import type { ControlResult } from "../publish/server-control.ts";

/** Characters of a command's own words that are kept. */
const MAX_MESSAGE = 4_000;

/** A program with its arguments, as a list: no shell looks at it. */
export interface Command {
  readonly command: readonly string[];
  /** Milliseconds after which it is killed. */
  readonly timeout: number;
}

/** Runs it to its end: exit 0 is ok, anything else a refusal with what it said last. `onOutput` gets all it printed. */
export async function runCommand(
  { command, timeout }: Command,
  onOutput: (text: string) => void = () => undefined,
): Promise<ControlResult> {
  const [program = "", ...args] = command;
  return await new Promise((resolve) => {
    execFile(program, args, { timeout, killSignal: "SIGKILL", maxBuffer: 1024 * 1024 }, (error, stdout, stderr) => {
      onOutput(`${stdout}${stderr}`);
      if (!error) return resolve({ kind: "ok" });
      if (error.code === "ENOENT" || error.code === "EACCES") {
        return resolve({ kind: "unavailable", message: `${program}: ${error.code}, cannot be run` });
      }
      const said = `${stderr}${stdout}`.trim().slice(-MAX_MESSAGE);
      const why = error.killed
        ? `${program} took longer than ${timeout} ms`
        : `${program} ended with ${error.code ?? error.signal}`;
      resolve({ kind: "rejected", message: said === "" ? why : `${why}: ${said}` });
    });
  });
}
