import { parseArgs } from "node:util";
import { nearest } from "../../shared/nearest.ts";
import { type CommandEntry, type CommandName, COMMANDS, FLAGS, type FlagName, isCommand } from "./command-table.ts";
import { areDockerGenWords } from "./docker-gen-words.ts";

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
  try {
    const { values, positionals } = parseArgs({ args: others, options: OPTIONS, allowPositionals: true });
    const { words, flags }: CommandEntry = COMMANDS[command];
    const given = Object.keys(values) as FlagName[];
    const problems = [
      ...(words === undefined ? positionals.map((word) => unexpected(word, named >= 0)) : []),
      ...given
        .filter((flag) => flag !== "help" && !flags.includes(flag))
        .map((flag) => `${command}: takes no --${flag}`),
    ];
    if (problems.length > 0 && values.help !== true) return { problems };
    return { ...nothing, ...values, command, isNamed: named >= 0, words: positionals };
  } catch (error) {
    return { problems: [advise((error as Error).message, others)] };
  }
}

const OPTIONS = {
  config: { type: "string" },
  json: { type: "boolean" },
  once: { type: "boolean" },
  help: { type: "boolean" },
} as const satisfies Record<FlagName, { type: "string" | "boolean" }>;

function unexpected(word: string, hasCommand: boolean): string {
  if (hasCommand) return `${word}: unexpected word`;
  const near = nearest(word, Object.keys(COMMANDS));
  return `${word}: no such command${near === undefined ? ", see --help" : `, did you mean ${near}?`}`;
}

function advise(message: string, args: readonly string[]): string {
  const unknown = args.find((word) => word.startsWith("--") && !isFlag(word.slice(2).replace(/=.*/, "")));
  const near = unknown && nearest(unknown.slice(2).replace(/=.*/, ""), Object.keys(FLAGS));
  return near === undefined || near === "" ? message : `${unknown}: unknown option, did you mean --${near}?`;
}

function isFlag(name: string): boolean {
  return Object.hasOwn(FLAGS, name);
}
