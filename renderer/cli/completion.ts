import { COMMAND_ENTRIES, type CommandEntry, type FlagEntry, FLAGS, type FlagName } from "./command-table.ts";

const PROGRAM = "sallyport-renderer";

/** The shells there is a script for. */
export const COMPLETIONS: Readonly<Record<string, () => string>> = { bash, zsh, fish };

function bash(): string {
  return `# ${PROGRAM}: completion for bash
_sallyport_renderer() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} command=run at
  for ((at = 1; at < COMP_CWORD; at++)); do
    case \${COMP_WORDS[at]} in
      ${COMMAND_ENTRIES.map(([name]) => name).join(" | ")}) command=\${COMP_WORDS[at]} && break ;;
    esac
  done
  COMPREPLY=()
  case $before in
    ${fileFlags().join(" | ")}) mapfile -t COMPREPLY < <(compgen -f -- "$word") && return ;;
  esac
  case $command in
${COMMAND_ENTRIES.map(([name, entry]) => `    ${name}) ${bashCase(name, entry)} ;;`).join("\n")}
  esac
}
complete -o filenames -F _sallyport_renderer ${PROGRAM}
`;
}

function bashCase(name: string, { flags, words }: CommandEntry): string {
  const own = [...flagWords(flags), ...(Array.isArray(words) ? (words as readonly string[]) : [])];
  const commands = name === "run" ? COMMAND_ENTRIES.map(([command]) => command) : [];
  const files = words === "files" ? " -f" : "";
  return `mapfile -t COMPREPLY < <(compgen${files} -W "${[...commands, ...own].join(" ")}" -- "$word")`;
}

function zsh(): string {
  return `#compdef ${PROGRAM}
_sallyport_renderer() {
  local -a commands=(
${COMMAND_ENTRIES.map(([name, { summary }]) => `    ${quote(`${name}:${summary}`)}`).join("\n")}
  )
  if ((CURRENT == 2)) && [[ $words[2] != -* ]]; then
    _describe command commands
    return
  fi
  # A command then stands where the name of the program did, with its own flags behind it.
  [[ $words[2] == -* ]] || { shift words; ((CURRENT--)) }
  case $words[1] in
${COMMAND_ENTRIES.map(([name, entry]) => `    ${name}) ${zshCase(entry)} ;;`).join("\n")}
    *) ${zshCase({ flags: Object.keys(FLAGS) as FlagName[], summary: "", examples: [] })} ;;
  esac
}
compdef _sallyport_renderer ${PROGRAM}
`;
}

function zshCase({ flags, words }: CommandEntry): string {
  const specs = withHelp(flags).map((name) => {
    const { summary, value }: FlagEntry = FLAGS[name];
    return quote(`--${name}[${summary}]${value === undefined ? "" : ":file:_files"}`);
  });
  if (words === "files") specs.push(quote("*:file:_files"));
  else if (words !== undefined) specs.push(quote(`*:word:(${words.join(" ")})`));
  return `_arguments ${specs.join(" ")}`;
}

function fish(): string {
  const none = "__fish_use_subcommand";
  const commands = COMMAND_ENTRIES.map(
    ([name, { summary }]) => `complete -c ${PROGRAM} -f -n ${none} -a ${name} -d ${quote(summary)}`,
  );
  return [`# ${PROGRAM}: completion for fish`, ...commands, ...COMMAND_ENTRIES.flatMap(fishLines), ""].join("\n");
}

function fishLines([name, { flags, words }]: readonly [string, CommandEntry]): string[] {
  const when = name === "run" ? "'__fish_use_subcommand; or __fish_seen_subcommand_from run'" : seen(name);
  const flagLines = withHelp(flags).map((flag) => {
    const { summary, value }: FlagEntry = FLAGS[flag];
    return `complete -c ${PROGRAM} -n ${when} -l ${flag}${value === undefined ? "" : " -r -F"} -d ${quote(summary)}`;
  });
  // Without this, fish offers files wherever it knows nothing better.
  if (words === undefined) return [...flagLines, `complete -c ${PROGRAM} -f -n ${seen(name)}`];
  const what = words === "files" ? "-F" : `-f -a ${quote(words.join(" "))}`;
  return [...flagLines, `complete -c ${PROGRAM} -n ${seen(name)} ${what}`];
}

function seen(name: string): string {
  return quote(`__fish_seen_subcommand_from ${name}`);
}

function fileFlags(): string[] {
  const all = Object.entries<FlagEntry>(FLAGS);
  return all.flatMap(([name, { value }]) => (value === undefined ? [] : [`--${name}`]));
}

function flagWords(flags: readonly FlagName[]): string[] {
  return withHelp(flags).map((name) => `--${name}`);
}

function withHelp(flags: readonly FlagName[]): readonly FlagName[] {
  return [...new Set([...flags, "help" as const])];
}

/** A word between single quotes; there are none in our texts that could end it. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "’")}'`;
}
