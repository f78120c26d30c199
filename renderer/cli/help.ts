import { COMMAND_ENTRIES, type CommandEntry, type FlagEntry, FLAGS, type FlagName } from "./command-table.ts";

/** What `--help` says of everything. */
export function helpText(): string {
  const commands = COMMAND_ENTRIES.map(([name, { summary }]) => [name, summary] as const);
  const [first, check, status] = COMMAND_ENTRIES.map(([, { examples }]) => examples[0]!);
  return [
    "sallyport-renderer: turns what agents tell of containers into configuration files",
    "",
    ...columns(commands),
    "",
    ...columns(flagRows(Object.keys(FLAGS) as FlagName[])),
    "",
    "Examples (COMMAND --help has more):",
    ...exampleLines([first!, check!, status!]),
    "",
  ].join("\n");
}

/** What `COMMAND --help` says. */
export function commandHelp(name: string, { summary, flags, usage, examples }: CommandEntry): string {
  return [
    `sallyport-renderer ${name}${usage === undefined ? "" : ` ${usage}`}${flags.length > 0 ? " [flags]" : ""}`,
    "",
    `  ${summary}`,
    "",
    ...(flags.length > 0 ? [...columns(flagRows(flags)), ""] : []),
    "Examples:",
    ...exampleLines(examples),
    "",
  ].join("\n");
}

function flagRows(names: readonly FlagName[]): (readonly [string, string])[] {
  return names.map((name) => {
    const { summary, value, otherwise }: FlagEntry = FLAGS[name];
    const flag = value === undefined ? `--${name}` : `--${name} ${value}`;
    return [flag, otherwise === undefined ? summary : `${summary} (${otherwise})`];
  });
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}   ${right}`);
}

function exampleLines(examples: CommandEntry["examples"]): string[] {
  return examples.flatMap(([line, what]) => [`  # ${what}`, `  ${line}`]);
}
