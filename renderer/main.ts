import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { createLog } from "../shared/log.ts";
import { type Ending, runImport } from "./commands/import.ts";
import { loadTemplate, run } from "./commands/run.ts";
import { type Config, parseConfig } from "./config.ts";
import { printReport } from "./status/print.ts";
import { isFine } from "./status/report.ts";
import { askStatus } from "./status/socket.ts";

const HELP = `sallyport-renderer: turns what agents tell of containers into configuration files

  run       follow the agents, publish, reload (default)
  check     parse configuration and templates; exit 78 with every problem
  status    what a running renderer has published, what is pending, what is not routed and why;
            exit 1 when something needs attention
  health    exit 0 when a running renderer answers

  import    prints this configuration for docker-gen's: import FILE.toml… or import -- docker-gen [flags] template [dest];
            exit 1 when something had to be left out

  --config FILE    /etc/sallyport/renderer.yml
  --json           status as JSON
`;

/** Of sysexits.h: the configuration is at fault, and trying again will not help. */
const EX_CONFIG = 78;

const log = createLog((line) => process.stderr.write(line));

async function main(args: readonly string[]): Promise<number> {
  if (args[0] === "import") return end(runImport(args.slice(1), process.cwd()));
  const options = { config: { type: "string", default: "/etc/sallyport/renderer.yml" } } as const;
  const flags = { json: { type: "boolean" }, help: { type: "boolean" } } as const;
  let parsed;
  try {
    parsed = parseArgs({ args: [...args], options: { ...options, ...flags }, allowPositionals: true });
  } catch (error) {
    return misconfigured([(error as Error).message]);
  }
  const { values, positionals } = parsed;
  if (values.help === true) return say(HELP);
  const config = readConfig(values.config);
  if ("problems" in config) return misconfigured(config.problems);
  const [command = "run", ...more] = positionals;
  if (more.length > 0) return misconfigured([`${more[0]}: unexpected word`]);
  switch (command) {
    case "run":
      return await runUntilSignal(config);
    case "check":
      return check(config);
    case "status":
    case "health":
      return await ask(config, command, values.json === true);
    default:
      return misconfigured([`${command}: no such command, see --help`]);
  }
}

function readConfig(file: string): Config | { readonly problems: string[] } {
  try {
    return parseConfig(readFileSync(file, "utf8"), file);
  } catch (error) {
    return { problems: [`--config ${file}: ${(error as NodeJS.ErrnoException).code}, cannot be read`] };
  }
}

async function runUntilSignal(config: Config): Promise<number> {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  const { problems } = await run(config, stop.signal, log);
  if (problems.length > 0) return misconfigured(problems);
  log("info", "renderer.stopped");
  return 0;
}

function check({ targets }: Config): number {
  const problems = targets.map(loadTemplate).filter((found) => typeof found === "string");
  return problems.length > 0 ? misconfigured(problems) : say("ok\n");
}

async function ask({ statusSocket }: Config, command: "status" | "health", asJson: boolean): Promise<number> {
  try {
    const report = await askStatus(statusSocket);
    if (command === "health") return say("ok\n");
    say(asJson ? `${JSON.stringify(report, undefined, 2)}\n` : `${printReport(report)}\n`);
    return isFine(report) ? 0 : 1;
  } catch (error) {
    process.stderr.write(
      `no renderer answers at ${statusSocket}: ${(error as NodeJS.ErrnoException).code ?? "no report"}\n`,
    );
    return 1;
  }
}

function end({ stdout, stderr, exitCode }: Ending): number {
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
