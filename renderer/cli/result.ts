/** Exit codes of sysexits.h. */
export const EX_USAGE = 64;
export const EX_DATAERR = 65;
export const EX_CONFIG = 78;

/** What a command prints, and its exit code. */
export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** Returns the result of a command that prints to standard output. */
export function printed(stdout: string, exitCode = 0): CommandResult {
  return { stdout, stderr: "", exitCode };
}

/** Returns the result of a command that fails with these messages, one a line. */
export function failed(messages: string | readonly string[], exitCode: number): CommandResult {
  return {
    stdout: "",
    stderr: [messages]
      .flat()
      .map((message) => `${message}\n`)
      .join(""),
    exitCode,
  };
}
