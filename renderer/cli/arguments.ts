import { parseArgs } from "node:util";
import { nearest } from "../../shared/nearest.ts";
import { OPTIONS as DOCKER_GEN } from "../import/docker-gen/options.ts";
import {
  COMMAND_ENTRIES,
  type CommandEntry,
  type CommandName,
  COMMANDS,
  type FlagEntry,
  FLAGS,
  type FlagName,
  isCommand,
} from "./command-table.ts";
import { areDockerGenWords } from "./docker-gen-arguments.ts";

/** What the command line asks for. */
export interface Asked {
  readonly command: CommandName;
  readonly config: string;
  readonly json: boolean;
  readonly once: boolean;
  readonly help: boolean;
  /** Whether a command was named, or is the one that is meant without. */
  readonly isNamed: boolean;
  readonly words: readonly string[];
  /** The words are docker-gen's, to run. */
  readonly isDockerGen: boolean;
}

/** Reads our command line. `import` takes all words after it, for they are another program's. */
export function readArguments(args: readonly string[]): Asked | { readonly problems: string[] } {
  const nothing = { config: FLAGS.config.otherwise, json: false, once: false, help: false, isDockerGen: false };
  if (areDockerGenWords(args)) return { ...nothing, command: "run", isNamed: false, words: args, isDockerGen: true };
  const named = args.findIndex((word, at) => isCommand(word) && args[at - 1] !== "--config");
  const command = isCommand(args[named] ?? "") ? (args[named] as CommandName) : "run";
  const others = args.toSpliced(named < 0 ? args.length : named, 1);
  if (command === "import" && named === 0 && others[0] !== "--help") {
    return { command, ...nothing, isNamed: true, words: others };
  }
  const { values, positionals, tokens } = parseArgs({
    args: [...others],
    options: OPTIONS,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const problems = [
    ...faultsOfOptions(tokens, command),
    ...(COMMANDS_WITH_WORDS.has(command) ? [] : positionals.map((word) => unexpected(word, named >= 0))),
  ];
  if (values.help === true || values.h === true || args[0] === "help") {
    return { ...nothing, command, isNamed: named >= 0, words: [], help: true };
  }
  if (problems.length > 0) return { problems };
  const { config = nothing.config, json = false, once = false } = values;
  return {
    ...nothing,
    config: String(config),
    json: json === true,
    once: once === true,
    command,
    isNamed: named >= 0,
    words: positionals,
  };
}

const OPTIONS = {
  config: { type: "string" },
  json: { type: "boolean" },
  once: { type: "boolean" },
  help: { type: "boolean" },
  h: { type: "boolean", short: "h" },
} as const satisfies Record<FlagName | "h", { type: "string" | "boolean"; short?: string }>;

const COMMANDS_WITH_WORDS: ReadonlySet<string> = new Set(
  COMMAND_ENTRIES.flatMap(([name, { words }]) => (words === undefined ? [] : [name])),
);

/** A part of the command line that is an option, as parseArgs tells of it. */
type Token = NonNullable<ReturnType<typeof parseArgs>["tokens"]>[number];

function faultsOfOptions(tokens: readonly Token[], command: CommandName): string[] {
  const given = tokens.filter((token) => token.kind === "option");
  const { flags }: CommandEntry = COMMANDS[command];
  return given.flatMap(({ name, rawName, value }, at) => {
    if (name === "help" || name === "h") return [];
    if (!isFlag(name)) return [unknownOption(rawName)];
    if (!flags.includes(name)) return [`${command}: takes no --${name}`];
    if (given.findIndex((other) => other.name === name) < at) return [`${rawName}: given twice`];
    const { value: takes }: FlagEntry = FLAGS[name];
    if (takes === undefined) return value === undefined ? [] : [`${rawName}: takes no value, not ${value}`];
    return value === undefined || value === "" || (value.startsWith("-") && value !== "-")
      ? [`${rawName}: ${takes} is missing behind it`]
      : [];
  });
}

function unexpected(word: string, hasCommand: boolean): string {
  if (hasCommand) return `${word}: unexpected word`;
  const near = nearest(word, Object.keys(COMMANDS));
  return `${word}: no such command${near === undefined ? ", see --help" : `, did you mean ${near}?`}`;
}

/** Also docker-gen's are known: one of these at the beginning makes all words docker-gen's. */
function unknownOption(rawName: string): string {
  const known = [...Object.keys(FLAGS), ...DOCKER_GEN.flatMap(({ flag }) => flag ?? [])];
  const near = nearest(rawName.replace(/^--?/, ""), known);
  return `${rawName}: unknown option${near === undefined ? ", see --help" : `, did you mean --${near}?`}`;
}

function isFlag(name: string): name is FlagName {
  return Object.hasOwn(FLAGS, name);
}
