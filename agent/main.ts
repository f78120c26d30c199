import { createLog } from "../shared/log.ts";
import type { Answer } from "./answer.ts";
import { runAudit } from "./commands/audit.ts";
import { runHealth } from "./commands/health.ts";
import { HELP } from "./commands/help.ts";
import { runPolicy } from "./commands/policy.ts";
import { parseConfig, refusedVariables } from "./config.ts";
import { serve } from "./serve.ts";

/** Of sysexits.h: the configuration is at fault, and trying again will not help. */
const EX_CONFIG = 78;
const EX_SOFTWARE = 70;

const log = createLog((line) => process.stderr.write(line));

const commands = new Map<string, (args: readonly string[]) => Answer | Promise<Answer>>([
  ["serve", runServe],
  ["health", runHealth],
  ["policy", runPolicy],
  ["audit", runAudit],
  ["help", () => ({ text: HELP.trimEnd(), exitCode: 0 })],
]);

async function main(args: readonly string[]): Promise<void> {
  const [command = "serve", ...rest] = args[0]?.startsWith("-") === false ? args : ["serve", ...args];
  const run = commands.get(args.includes("--help") ? "help" : command);
  const answer = run ? await run(rest) : { problems: [`${command.slice(0, 64)}: no such command, see --help`] };
  if ("problems" in answer) {
    for (const problem of answer.problems) log("error", "agent.misconfigured", { problem });
  } else if ("failure" in answer) process.stderr.write(`${answer.failure}\n`);
  else if (answer.text !== "") process.stdout.write(`${answer.text}\n`);
  process.exitCode = "problems" in answer ? EX_CONFIG : answer.exitCode;
}

async function runServe(args: readonly string[]): Promise<Answer> {
  const config = parseConfig(args);
  if ("problems" in config) return config;
  const refused = refusedVariables(Object.keys(process.env));
  if (refused.length > 0) return { problems: refused };
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort(signal));
  const ending = await serve(config, process.argv[1] ?? "", stop, log);
  if ("problems" in ending) return ending;
  log(ending.failure === undefined ? "info" : "error", "agent.stopped", { reason: ending.failure });
  return { text: "", exitCode: ending.failure === undefined ? 0 : EX_SOFTWARE };
}

/** A crash says where it was, never what it held: messages of errors may quote data. */
function crash(error: unknown): void {
  const frames = error instanceof Error ? (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line)) : [];
  const name = error instanceof Error ? error.constructor.name : typeof error;
  log("error", "agent.crashed", { error: name, at: frames.slice(0, 8).join(" <") });
  process.exit(EX_SOFTWARE);
}

process.on("uncaughtException", crash);
process.on("unhandledRejection", crash);
main(process.argv.slice(2)).catch(crash);
