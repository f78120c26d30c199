import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The directory of compose.yml. */
const root = fileURLToPath(new URL("../..", import.meta.url));

export interface CommandResult {
  /** Null when the command could not be started, was killed by a signal, or timed out. */
  readonly exitCode: number | null;
  readonly stdout: string;
}

/** Runs the docker client in the repository's root. Its standard error is shown or discarded. */
export async function dockerCommand(
  args: readonly string[],
  options: { readonly show?: boolean; readonly env?: NodeJS.ProcessEnv; readonly timeoutMs?: number } = {},
): Promise<CommandResult> {
  const { show = false, env = process.env, timeoutMs = 0 } = options;
  const stderr = show ? "inherit" : "ignore";
  const child = spawn("docker", args, { cwd: root, env, timeout: timeoutMs, stdio: ["ignore", "pipe", stderr] });
  let stdout = "";
  child.stdout.setEncoding("utf8");
  child.stdout.on("data", (text: string) => {
    stdout += text;
    if (show) process.stdout.write(text);
  });
  return await new Promise((resolve) => {
    child.on("error", () => resolve({ exitCode: null, stdout }));
    child.on("close", (exitCode) => resolve({ exitCode, stdout: stdout.trim() }));
  });
}
