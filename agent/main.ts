import { createLog, quoted } from "../shared/log.ts";
import type { CommandResult } from "./command-result.ts";
import { runHealth } from "./commands/health.ts";
import { HELP } from "./commands/help.ts";
import { runPolicy } from "./commands/policy.ts";
import { parseConfig, refusedVariables } from "./config.ts";
import { serve } from "./serve.ts";

/** Exit codes of sysexits.h. A supervisor must not retry after a configuration error. */
const EX_CONFIG = 78;
const EX_SOFTWARE = 70;

const log = createLog((line) => process.stderr.write(line));

const commands = new Map<string, (args: readonly string[]) => CommandResult | Promise<CommandResult>>([
  ["serve", runServe],
  ["health", runHealth],
  ["policy", runPolicy],
  ["help", () => ({ output: HELP.trimEnd(), exitCode: 0 })],
]);

async function main(args: readonly string[]): Promise<void> {
  const [command = "serve", ...rest] = args[0]?.startsWith("-") === false ? args : ["serve", ...args];
  const run = commands.get(args.includes("--help") ? "help" : command);
  const result = run ? await run(rest) : { problems: [`unknown command ${quoted(command)}; see --help`] };
  if ("problems" in result) {
    for (const error of result.problems) log("error", "config.rejected", { error });
  } else if ("failure" in result) process.stderr.write(`${result.failure}\n`);
  else if (result.output !== "") process.stdout.write(`${result.output}\n`);
  process.exitCode = "problems" in result ? EX_CONFIG : result.exitCode;
}

async function runServe(args: readonly string[]): Promise<CommandResult> {
  const config = parseConfig(args);
  if ("problems" in config) return config;
  const refused = refusedVariables(Object.keys(process.env));
  if (refused.length > 0) return { problems: refused };
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort(signal));
  const result = await serve(config, process.argv[1] ?? "", stop, log);
  if ("problems" in result) return result;
  log(result.error === undefined ? "info" : "error", "agent.stopped", { error: result.error });
  return { output: "", exitCode: result.error === undefined ? 0 : EX_SOFTWARE };
}

/** Logs the error's class and stack frames, never its message, which may quote container data. */
function crash(error: unknown): void {
  const frames = error instanceof Error ? (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line)) : [];
  const name = error instanceof Error ? error.constructor.name : typeof error;
  log("error", "agent.crashed", { error: name, stack: frames.slice(0, 8).join(" <") });
  process.exit(EX_SOFTWARE);
}

process.on("uncaughtException", crash);
process.on("unhandledRejection", crash);
main(process.argv.slice(2)).catch(crash);
