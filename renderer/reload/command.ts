import { execFile, type ExecFileException } from "node:child_process";
import type { ControlResult } from "../publish/server-control.ts";
import { errorsOf } from "./errors-of.ts";

/** Characters of a command's output that are kept. */
const MAX_MESSAGE = 4_000;

/** Node's code when a command is killed because of its output. */
const TOO_MUCH_OUTPUT = "ERR_CHILD_PROCESS_STDIO_MAXBUFFER";

/** Bytes of output after which a command is killed. */
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;

/** A program and its arguments. No shell is involved. */
export interface Command {
  readonly command: readonly string[];
  /** Milliseconds after which the program is killed. */
  readonly timeout: number;
}

/** Runs a program. Exit code 0 is `ok`; any other result is `rejected` with the end of its output. */
export async function runCommand(
  { command, timeout }: Command,
  onOutput: (text: string) => void = () => undefined,
): Promise<ControlResult> {
  const [program = "", ...args] = command;
  return await new Promise((resolve) => {
    execFile(
      program,
      args,
      { timeout, killSignal: "SIGKILL", maxBuffer: MAX_OUTPUT_BYTES },
      (error, stdout, stderr) => {
        onOutput(`${stdout}${stderr}`);
        if (!error) return resolve({ kind: "ok" });
        if (typeof error.code === "string" && error.code !== TOO_MUCH_OUTPUT) {
          return resolve({ kind: "unavailable", message: `${program} cannot be run: ${error.code}` });
        }
        const output = errorsOf(`${stderr}${stdout}`).slice(-MAX_MESSAGE);
        const why = failureOf(error, program, timeout);
        resolve({ kind: "rejected", message: output === "" ? why : `${why}: ${output}` });
      },
    );
  });
}

function failureOf({ code, signal, killed }: ExecFileException, program: string, timeout: number): string {
  if (code === TOO_MUCH_OUTPUT) return `${program} printed more than ${MAX_OUTPUT_BYTES} bytes`;
  return killed ? `${program} did not finish within ${timeout} ms` : `${program} exited with ${code ?? signal}`;
}
