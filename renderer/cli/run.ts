import type { Log } from "../../shared/log.ts";
import type { FileDefaults } from "../config/file-defaults.ts";
import { loadConfig } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import { runFile } from "../targets/follow-config.ts";
import { run } from "../targets/run.ts";
import { configFromArguments } from "./docker-gen-arguments.ts";
import { runOnce } from "./once.ts";
import { readConfig } from "./read-config.ts";
import { printTarget, runRender } from "./render.ts";
import { type CommandResult, EX_CONFIG, printed } from "./result.ts";

/** Publishes the targets of a configuration file: once, or until SIGINT or SIGTERM. */
export async function runRun(file: string, once: boolean, log: Log, defaults: FileDefaults): Promise<CommandResult> {
  const config = readConfig(file, defaults, loadConfig);
  if ("problems" in config) return rejected(config.problems, log);
  if (once) return await publishOnce(config, log);
  return await untilStopped(log, async (signal) => await runFile({ file, defaults }, config, signal, log, onHangup));
}

export async function runDockerGen(
  args: readonly string[],
  directory: string,
  logs: { readonly log: Log; readonly textLog?: Log },
): Promise<CommandResult> {
  const found = configFromArguments(args, directory);
  if ("problems" in found) return rejected(found.problems, logs.log);
  const { config, isOnce, isPrinted, differences } = found;
  const log = (isOnce ? logs.textLog : undefined) ?? logs.log;
  if (isPrinted && isOnce) return await runRender(config);
  for (const reason of differences) log("info", "option.ignored", { reason });
  if (isOnce) return await publishOnce(config, log);
  return await untilStopped(
    log,
    async (signal) => await run(config, signal, log, { onStart: (running) => onHangup(() => running.refresh()) }),
  );
}

async function untilStopped(
  log: Log,
  start: (signal: AbortSignal) => Promise<{ readonly problems: readonly string[] }>,
): Promise<CommandResult> {
  const { problems } = await start(stopSignal());
  if (problems.length > 0) return rejected(problems, log);
  log("info", "renderer.stopped");
  return printed("");
}

/** Publishes all files, and prints the targets whose destination is standard output. */
async function publishOnce(config: Config, log: Log): Promise<CommandResult> {
  const ending = await runOnce(config, stopSignal(), log);
  if (ending.kind === "misconfigured") return rejected(ending.problems, log);
  for (const error of "problems" in ending ? ending.problems : []) log("error", "publish.timed-out", { error });
  const outputs = config.targets.filter(({ destination }) => destination === "-");
  const results = await Promise.all(outputs.map(async (target) => await printTarget(config, target)));
  return {
    stdout: results.map(({ stdout }) => stdout).join(""),
    stderr: results.map(({ stderr }) => stderr).join(""),
    exitCode: Math.max(
      ending.kind === "late" || ending.kind === "closed" ? 1 : 0,
      ...results.map(({ exitCode }) => exitCode),
    ),
  };
}

function rejected(errors: readonly string[], log: Log): CommandResult {
  for (const error of errors) log("error", "config.rejected", { error });
  return printed("", EX_CONFIG);
}

function onHangup(refresh: () => void): void {
  process.on("SIGHUP", refresh);
}

function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  return stop.signal;
}
