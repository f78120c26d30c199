import { isMainThread } from "node:worker_threads";
import { createProcessLog } from "./cli/log.ts";
import { runProgram } from "./cli/program.ts";

/** Exit code of sysexits.h for an internal error. */
const EX_SOFTWARE = 70;

async function main(): Promise<void> {
  const log = createProcessLog(process.stderr);
  try {
    const textLog = createProcessLog(process.stderr, true);
    const environment = { log, textLog, variables: process.env, directory: process.cwd() };
    const { stdout, stderr, exitCode } = await runProgram(process.argv.slice(2), environment);
    process.stdout.write(stdout);
    process.stderr.write(stderr);
    // Does not wait for open connections, such as a reload request without a response.
    process.exit(exitCode);
  } catch (error) {
    log("error", "renderer.crashed", {
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
    process.exitCode = EX_SOFTWARE;
  }
}

// Rendering threads load this file, too: see renderer/template/render-thread.ts.
if (isMainThread) void main();
