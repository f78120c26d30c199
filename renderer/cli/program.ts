import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import type { Config } from "../config/schema.ts";
import type { Log } from "../../shared/log.ts";
import { nearest } from "../../shared/nearest.ts";
import { printable } from "../status/printable.ts";
import { runCheck } from "./check.ts";
import { areDockerGenArguments, DOCKER_GEN_OPTIONS } from "./docker-gen-arguments.ts";
import { type ImportOptions, runImportNginxProxy } from "./import-nginx-proxy.ts";
import { runImport } from "./import.ts";
import { readConfig } from "./read-config.ts";
import { runRender } from "./render.ts";
import { type CommandResult, EX_CONFIG, EX_USAGE, failed } from "./result.ts";
import { runDockerGen, runRun } from "./run.ts";
import { runSnapshot } from "./snapshot.ts";
import { runExplain, runHealth, runMaintenance, runRelease, runStatus } from "./status.ts";
import { defaultsFrom } from "../config/file-defaults.ts";
import { loadConfig, parseConfig } from "../config/load.ts";
import { VERSION } from "../status/version.ts";

const DEFAULT_CONFIG = "/etc/sallyport/renderer.yml";

/** What a command uses of its process. `textLog` is for commands that publish once: people read it. */
export interface Environment {
  readonly log: Log;
  readonly textLog?: Log;
  readonly variables: Readonly<Record<string, string | undefined>>;
  readonly directory: string;
}

/** Runs a command line and returns what it prints. The log of `run` is written at once. */
export async function runProgram(args: readonly string[], environment: Environment): Promise<CommandResult> {
  const { directory } = environment;
  if (areDockerGenArguments(args)) return await runDockerGen(args, directory, environment);
  let result: CommandResult | undefined;
  let help = "";
  const program = createProgram(args, environment, (found) => (result = found));
  for (const command of [program, ...program.commands, ...program.commands.flatMap((one) => one.commands)]) {
    command.configureOutput({ writeOut: (text) => (help += text), outputError: () => undefined });
    command.exitOverride((error) => {
      throw error.exitCode === 0 ? error : new UsageError(usageMessage(command, error));
    });
  }
  try {
    await program.parseAsync(withDefaultCommand(args), { from: "user" });
  } catch (error) {
    if (error instanceof UsageError) return failed(error.message, EX_USAGE);
    if (!(error instanceof CommanderError)) throw error;
  }
  return result ?? { stdout: help, stderr: "", exitCode: 0 };
}

class UsageError extends Error {}

/** Without a command, `run` is meant. */
function withDefaultCommand(args: readonly string[]): string[] {
  const isOption = args.every((arg, at) => arg.startsWith("-") || args[at - 1] === "--config");
  const asksForHelp = args.some((arg) => ["-h", "--help", "--version"].includes(arg));
  return isOption && !asksForHelp ? ["run", ...args] : [...args];
}

type ConfigCommand = (
  config: Config,
  args: readonly string[],
  options: { readonly json?: boolean; readonly all?: boolean },
) => CommandResult | Promise<CommandResult>;

/** Builds the command line interface. Each command passes its result to `finish`. */
export function createProgram(
  args: readonly string[],
  { log, textLog = log, variables, directory }: Environment,
  finish: (result: CommandResult) => void,
): Command {
  const defaults = defaultsFrom(variables);
  const program = new Command("sallyport-renderer")
    .description("Renders configuration files from the containers that agents report.")
    .version(VERSION, "--version", "print the version")
    .helpOption("-h, --help", "print this help, or the help of a command")
    .helpCommand("help [command]", "print the help of a command")
    .addOption(configOption().hideHelp())
    .enablePositionalOptions();
  const add = (name: string, description: string, examples: Examples): Command =>
    withExamples(program.command(name).description(description), examples);
  const withConfig = (command: Command, parse: typeof parseConfig, run: ConfigCommand): Command =>
    command.addOption(configOption()).action(async () => {
      const config = readConfig(configOf(command), defaults, parse);
      const hasErrors = "problems" in config;
      finish(hasErrors ? failed(config.problems, EX_CONFIG) : await run(config, command.args, command.opts()));
    });

  add("run", "publish files and reload whenever containers change, until SIGTERM (default)", [
    ["run --config ./renderer.yml", "use another configuration file; the log is written to stderr"],
    ["run --once && nginx -t", "publish the current state in a script"],
    [
      "--watch --only-exposed --notify-sighup nginx nginx.conf.hbs /etc/nginx/conf.d/default.conf",
      "use docker-gen's options",
    ],
    [
      "--agent /run/a.sock --agent /run/b.sock --format json targets.hbs",
      "print a file from the containers of two agents to stdout",
    ],
  ])
    .addOption(configOption())
    .option("--once", "publish once and exit: 0 if every target is live within 30 s and no host is closed, otherwise 1")
    .option("--json", "with --once: log JSON, as `run` does unless stderr is a terminal")
    .action(async ({ once = false, json = false }: { once?: boolean; json?: boolean }, command: Command) =>
      finish(await runRun(configOf(command), once, once && !json ? textLog : log, defaults)),
    );
  const check = add(
    "check",
    "validate configuration, templates and files that restrict access, and print every error; exit code 78 on error",
    [["check --config ./renderer.yml && docker compose up -d", "check a configuration before you use it"]],
  );
  withConfig(check, loadConfig, runCheck);
  const render = add("render", "print the file of a target as it would be published; changes nothing", [
    ["render > candidate.conf", "write the file elsewhere"],
    ["render /etc/nginx/conf.d/default.conf", "print the file of one of several targets"],
  ]).argument(...DESTINATION);
  withConfig(render, loadConfig, async (config, [destination]) => await runRender(config, destination));
  const diff = add(
    "diff",
    "print what would change in a target's file; exit code 0 if nothing would, 1 if something would, 2 on error",
    [
      ["diff --config ./edited.yml", "check an edited configuration or template before you use it"],
      ["diff > /dev/null || echo outdated", "use the exit code in a script"],
    ],
  ).argument(...DESTINATION);
  withConfig(diff, loadConfig, async (config, [destination]) => {
    // Loaded on demand: no other command compares texts.
    const { runDiff } = await import("./diff.ts");
    return await runDiff(config, destination);
  });
  const snapshot = add("snapshot", "print the containers that the agents disclose, as JSON", [
    ["snapshot | jq '.[].labels'", "print the labels of all containers"],
  ]);
  withConfig(snapshot, parseConfig, runSnapshot);
  const status = add("status", "print the status of a running renderer; exit code 1 if something needs attention", [
    ["status", "print targets, agents, hosts, containers and certificates"],
    ["status --json | jq -r '.unrouted[] | .name + \": \" + .reason'", "print why containers are not routed"],
  ]).option("--json", "print JSON (docs/status.schema.json)");
  withConfig(status, parseConfig, async (config, _args, options) => await runStatus(config, options));
  const explain = add("explain", "explain how a host or container is routed, or why not; exit code 1 if it is not", [
    ["explain demo.example.com", "print upstream servers, certificate and settings of a host"],
    ["explain myapp-web-1", "print why a container is not routed"],
  ]).argument("<name>", "host name, container name or container id");
  withConfig(explain, parseConfig, async (config, [name = ""]) => await runExplain(config, name));
  const release = add("release", "end the lease of a host name, so that another project or container can own it", [
    ["release demo.example.com", "let the next container that requests the name own it"],
    ["release --all", "start again after the file of owners was damaged"],
  ])
    .argument("[host]", "host name")
    .option("--all", "release all host names");
  withConfig(release, parseConfig, async (config, [host], options) => await runRelease(config, host, options));
  const maintenance = add("maintenance", "respond with 503 for a host name, or serve it again; kept across restarts", [
    ["maintenance demo.example.com on", "close the host before a database migration"],
    ["maintenance demo.example.com off", "serve the host again"],
  ])
    .argument("<host>", "host name")
    .argument("<state>", "on or off");
  withConfig(
    maintenance,
    parseConfig,
    async (config, [host = "", state = ""]) => await runMaintenance(config, host, state),
  );
  const health = add(
    "health",
    "check the running renderer; exit code 0 if all files are live and all agents connected, otherwise 1",
    [["health", "use it as the health check of a container"]],
  );
  withConfig(health, parseConfig, runHealth);
  addImport(program, { args, variables, directory, finish });
  return program;
}

const DESTINATION = ["[destination]", "destination of the target, if there are several"] as const;

interface ImportContext extends Pick<Environment, "variables" | "directory"> {
  readonly args: readonly string[];
  readonly finish: (result: CommandResult) => void;
}

function addImport(program: Command, { args, variables, directory, finish }: ImportContext): void {
  const separator = args.indexOf("--");
  const commandLine = separator < 0 ? undefined : args.slice(separator + 1);
  const command = withExamples(program.command("import"), [
    [
      "import docker-gen.toml > renderer.yml",
      "translate configuration files of docker-gen; stderr lists what is not imported",
    ],
    [
      "import -- docker-gen -watch -notify-sighup nginx nginx.tmpl default.conf",
      "translate a command line of docker-gen",
    ],
    ["import --policy docker-gen.toml > policy.json", "print the agent's policy that these files need"],
    ["import nginx-proxy --separate > renderer.yml", "translate the environment of nginx-proxy"],
  ])
    .description("translate the configuration of docker-gen or nginx-proxy; exit code 1 if a part has no counterpart")
    .usage("FILE.toml... | -- [NAME=value...] docker-gen [flags] template [dest] | nginx-proxy [options]")
    .argument("<file...>")
    .option("--policy", "print the agent's policy instead: it discloses what the templates and filters read")
    .action((files: string[], options: { policy?: boolean }) =>
      finish(runImport(files, commandLine, directory, options)),
    );
  command
    .command("nginx-proxy")
    .description("translate the environment variables of nginx-proxy")
    .option("--separate", "nginx runs in a separate container")
    .option("--policy", "print the agent's policy instead")
    .option(
      "--rehearse <container>",
      "compare with nginx-proxy in this container, host by host; changes nothing; exit code 1 if something differs",
    )
    .action(async (_options: ImportOptions, self: Command) =>
      finish(await runImportNginxProxy(self.optsWithGlobals<ImportOptions>(), variables)),
    );
}

type Examples = readonly (readonly [args: string, purpose: string])[];

function withExamples(command: Command, examples: Examples): Command {
  const lines = examples.flatMap(([args, purpose]) => [`  # ${purpose}`, `  sallyport-renderer ${args}`]);
  return command.addHelpText("after", `\nExamples:\n${lines.join("\n")}`);
}

function configOption(): Option {
  return new Option("--config <file>", `configuration file (default: ${DEFAULT_CONFIG})`).argParser(
    (value: string, previous: string | undefined) => {
      if (previous !== undefined) throw new InvalidArgumentError("It is given twice.");
      if (value === "" || value.startsWith("-")) throw new InvalidArgumentError("It requires a file name.");
      return value;
    },
  );
}

function configOf(command: Command): string {
  return command.optsWithGlobals<{ config?: string }>().config ?? DEFAULT_CONFIG;
}

/** Turns an error of the library into `<where>: <what>; <what to do>`. */
function usageMessage(command: Command, { code, message }: CommanderError): string {
  const where = command.parent ? `${command.parent.name()} ${command.name()}` : command.name();
  const [, what = message, suggestion] = /^error: (.*?)\.?(?:\n\(Did you mean (.+)\?\))?$/s.exec(message) ?? [];
  if (code === "commander.unknownOption" && command.name() === "import")
    return printable(`${where}: ${what}; write -- before the command line of docker-gen`);
  const near = suggestion ?? (code === "commander.unknownOption" ? nearestOption(what) : undefined);
  return printable(`${where}: ${what}; ${near === undefined ? `see ${where} --help` : `did you mean ${near}?`}`);
}

/** docker-gen's options are not known to the library. */
function nearestOption(what: string): string | undefined {
  const [, name = ""] = /'--?([^'=]*)/.exec(what) ?? [];
  const near = nearest(name, DOCKER_GEN_OPTIONS);
  return near === undefined ? undefined : `--${near}`;
}
