import { isMainThread } from "node:worker_threads";
import { createLog } from "../shared/log.ts";
import { type Asked, readArguments } from "./cli/arguments.ts";
import { type CommandName, COMMANDS } from "./cli/command-table.ts";
import { COMPLETIONS } from "./cli/completion.ts";
import { configFromWords } from "./cli/docker-gen-arguments.ts";
import { commandHelp, helpText } from "./cli/help.ts";
import { runImportNginxProxy } from "./cli/import-nginx-proxy.ts";
import { type CommandResult, runImport } from "./cli/import.ts";
import { runOnce } from "./cli/once.ts";
import { printTarget, runRender } from "./cli/render.ts";
import { runFile } from "./targets/follow-config.ts";
import { run } from "./targets/run.ts";
import { createTerminalLog } from "./cli/terminal-log.ts";
import { templateProblems } from "./targets/template-problems.ts";
import { runSnapshot } from "./cli/snapshot.ts";
import { type Config, parseConfig } from "./config/schema.ts";
import { unreadableTemplates } from "./config/template-files.ts";
import { readText } from "./disk/read-text.ts";
import { explain } from "./status/explain.ts";
import { printReport } from "./status/print.ts";
import { isFine } from "./status/report.ts";
import { askStatus } from "./status/socket.ts";

/** Of sysexits.h: the configuration is at fault, and trying again will not help. */
const EX_CONFIG = 78;

/** For a person at a terminal readable lines, for programs JSON. */
const log = process.stderr.isTTY
  ? createTerminalLog({
      write: (text) => void process.stderr.write(text),
      // A terminal that does not say how wide it is says 0.
      columns: () => process.stderr.columns || 80,
      hasColours: process.stderr.hasColors(),
    })
  : createLog((line) => process.stderr.write(line));

async function main(args: readonly string[]): Promise<number> {
  const asked = readArguments(args);
  if ("problems" in asked) return misconfigured(asked.problems);
  const { command, words, help, isNamed } = asked;
  if (help) return say(isNamed ? commandHelp(command, COMMANDS[command]) : helpText());
  if (asked.isDockerGen) return await runDockerGenWords(words);
  switch (command) {
    case "import":
      if (words[0] === "nginx-proxy") return end(runImportNginxProxy(words.slice(1), process.env));
      return end(runImport(words, process.cwd()));
    case "completion":
      return complete(words);
    case "run":
    case "check":
    case "render":
    case "diff":
    case "snapshot":
    case "status":
    case "explain":
    case "health": {
      const config = readConfig(asked.config, READ_TEMPLATES.has(command));
      return "problems" in config ? misconfigured(config.problems) : await withConfig(command, config, asked);
    }
  }
}

async function withConfig(
  command: Exclude<CommandName, "import" | "completion">,
  config: Config,
  { json, once, words, config: file }: Asked,
): Promise<number> {
  if (command === "run") return once ? await publishOnce(config) : await runUntilSignal(config, file);
  if (command === "render") return end(await runRender(config, words));
  if (command === "diff") {
    // What compares texts is loaded for this alone.
    const { runDiff } = await import("./cli/diff.ts");
    return end(await runDiff(config, words));
  }
  if (command === "snapshot") return end(await runSnapshot(config));
  if (command === "check") return await check(config);
  if (command === "explain") return await answer(config, words);
  return await ask(config, command, json);
}

async function runDockerGenWords(words: readonly string[]): Promise<number> {
  const found = configFromWords(words, process.cwd());
  if ("problems" in found) return misconfigured(found.problems);
  if (found.isPrinted && found.isOnce) return end(await runRender(found.config, []));
  for (const difference of found.differences) log("info", "renderer.differs", { difference });
  return found.isOnce ? await publishOnce(found.config) : await runUntilSignal(found.config);
}

function complete([shell = "", ...more]: readonly string[]): number {
  const print = Object.hasOwn(COMPLETIONS, shell) && more.length === 0 ? COMPLETIONS[shell] : undefined;
  return print ? say(print()) : misconfigured([`completion: name one of ${Object.keys(COMPLETIONS).join(", ")}`]);
}

/** The others ask a renderer or the agents, and work whatever became of the templates. */
const READ_TEMPLATES: ReadonlySet<CommandName> = new Set(["run", "check", "render", "diff"]);

function readConfig(file: string, withTemplates: boolean): Config | { readonly problems: readonly string[] } {
  const found = readText(file);
  if ("problem" in found) return { problems: [`--config ${found.problem}`] };
  const config = parseConfig(found.text, file);
  if ("problems" in config || !withTemplates) return config;
  const problems = unreadableTemplates(config, found.text, file);
  return problems.length > 0 ? { problems } : config;
}

async function publishOnce(config: Config): Promise<number> {
  const ending = await runOnce(config, stopSignal(), log);
  if (ending.kind === "misconfigured") return misconfigured(ending.problems);
  for (const problem of "problems" in ending ? ending.problems : []) log("error", "renderer.late", { problem });
  const printed = await printThose(config);
  return ending.kind === "late" ? 1 : printed;
}

/** Targets whose destination is standard output. */
async function printThose(config: Config): Promise<number> {
  const endings = config.targets
    .filter(({ destination }) => destination === "-")
    .map(async (target) => end(await printTarget(config, target)));
  return Math.max(0, ...(await Promise.all(endings)));
}

function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  return stop.signal;
}

/** Without a file, as docker-gen's words have it, the configuration stays what it is. */
async function runUntilSignal(config: Config, file?: string): Promise<number> {
  const onRefresh = (refresh: () => void): void => void process.on("SIGHUP", refresh);
  const running =
    file === undefined
      ? run(config, stopSignal(), log, { onStart: (running) => onRefresh(() => running.refresh()) })
      : runFile(file, config, stopSignal(), log, onRefresh);
  const { problems } = await running;
  if (problems.length > 0) return misconfigured(problems);
  log("info", "renderer.stopped");
  return 0;
}

async function check(config: Config): Promise<number> {
  const problems = await templateProblems(config);
  return problems.length > 0 ? misconfigured(problems) : say("ok\n");
}

async function answer({ statusSocket }: Config, [asked, ...more]: readonly string[]): Promise<number> {
  if (asked === undefined || more.length > 0) return misconfigured(["explain: name one host or container"]);
  const report = await askStatus(statusSocket).catch((error: NodeJS.ErrnoException) => error);
  if (report instanceof Error) return noAnswer(statusSocket, report);
  const { text, isRouted } = explain(report, asked);
  say(`${text}\n`);
  return isRouted ? 0 : 1;
}

function noAnswer(statusSocket: string, { code }: NodeJS.ErrnoException): number {
  process.stderr.write(`no renderer answers at ${statusSocket}: ${code ?? "no report"}\n`);
  return 1;
}

async function ask({ statusSocket }: Config, command: "status" | "health", asJson: boolean): Promise<number> {
  try {
    const report = await askStatus(statusSocket);
    if (command === "health") return say("ok\n");
    say(asJson ? `${JSON.stringify(report, undefined, 2)}\n` : `${printReport(report)}\n`);
    return isFine(report) ? 0 : 1;
  } catch (error) {
    return noAnswer(statusSocket, error as NodeJS.ErrnoException);
  }
}

function end({ stdout, stderr, exitCode }: CommandResult): number {
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  return exitCode;
}

function say(text: string): 0 {
  process.stdout.write(text);
  return 0;
}

function misconfigured(problems: readonly string[]): number {
  for (const problem of problems) log("error", "renderer.misconfigured", { problem });
  return EX_CONFIG;
}

/** A thread of this file renders, see renderer/template/render-thread.ts. */
if (isMainThread) {
  main(process.argv.slice(2)).then(
    // What is left open then (a word to nginx without an answer yet) is no reason to stay.
    (exitCode) => process.exit(exitCode),
    (error: unknown) => {
      log("error", "renderer.crashed", {
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
      process.exitCode = 70;
    },
  );
}
