/** What a word of the command line is, for completion: a file, or one of these. */
export type Words = "files" | readonly string[];

export interface FlagEntry {
  readonly summary: string;
  /** Name of its value in the help; without one it takes none. */
  readonly value?: "FILE";
  readonly otherwise?: string;
}

export interface CommandEntry {
  readonly summary: string;
  readonly flags: readonly FlagName[];
  /** Words after the command, as the help writes them. */
  readonly usage?: string;
  readonly words?: Words;
  /** Command lines to learn from, and what each does. */
  readonly examples: readonly (readonly [line: string, what: string])[];
}

/** Every flag there is; which command takes which stands with the command. */
export const FLAGS = {
  config: { summary: "the configuration", value: "FILE", otherwise: "/etc/sallyport/renderer.yml" },
  once: { summary: "publish once and end: exit 0 when every target is live, 1 when not within 30s" },
  json: { summary: "as JSON, for programs" },
  help: { summary: "explains a command" },
} as const satisfies Record<string, FlagEntry>;

export type FlagName = keyof typeof FLAGS;

/** Every command there is. Help and completion are made of this table. */
export const COMMANDS = {
  run: {
    summary: "follow the agents, publish, reload (default)",
    flags: ["config", "once"],
    examples: [
      ["sallyport-renderer run --config ./renderer.yml", "follow until SIGTERM; the log is on stderr"],
      ["sallyport-renderer run --once && nginx -t", "for a script: publish what is true now"],
      [
        "sallyport-renderer --watch --only-exposed --notify-sighup nginx nginx.conf.hbs /etc/nginx/conf.d/default.conf",
        "without a file, in docker-gen's words; `run` is not written then",
      ],
      [
        "sallyport-renderer --agent /run/a.sock --agent /run/b.sock --format json targets.hbs",
        "of two agents' containers, printed; --agent, --format and --status-socket may stand among docker-gen's words",
      ],
    ],
  },
  check: {
    summary: "parse configuration and templates; exit 78 with every problem",
    flags: ["config"],
    examples: [["sallyport-renderer check --config ./renderer.yml && docker compose up -d", "before it is used"]],
  },
  render: {
    summary: "print what a target's file would be now, and touch nothing",
    flags: ["config"],
    usage: "[DESTINATION]",
    words: "files",
    examples: [
      ["sallyport-renderer render > candidate.conf", "to look at, or to check"],
      ["sallyport-renderer render --config ./renderer.yml /etc/nginx/conf.d/default.conf", "of several targets, one"],
    ],
  },
  diff: {
    summary:
      "what a pass would change in a target's file; exit 0 when nothing, 1 when something, 2 when that is not known",
    flags: ["config"],
    usage: "[DESTINATION]",
    words: "files",
    examples: [
      ["sallyport-renderer diff --config ./edited.yml", "before a new configuration or template is used"],
      ["sallyport-renderer diff > /dev/null || echo stale", "for a script: is the file what it should be"],
    ],
  },
  snapshot: {
    summary: "print what the agents disclose, as JSON",
    flags: ["config"],
    examples: [["sallyport-renderer snapshot | jq '.[].labels'", "what templates and routes are made of"]],
  },
  status: {
    summary: "what a running renderer has published, what is pending or not routed, and why; exit 1 when something is",
    flags: ["config", "json"],
    examples: [
      ["docker compose exec renderer /node /app/renderer.cjs status", "in the stack of compose.yml"],
      ["sallyport-renderer status --json | jq '.unrouted[].reason'", "why containers are not routed"],
    ],
  },
  explain: {
    summary: "why a host or a container is routed where it is, or why not; exit 1 when it is not",
    flags: ["config"],
    usage: "HOST|CONTAINER",
    words: [],
    examples: [
      ["sallyport-renderer explain demo.example.com", "who answers for it, and with which certificate"],
      ["docker compose exec renderer /node /app/renderer.cjs explain myapp-web-1", "what is in the way of a container"],
    ],
  },
  health: {
    summary: "exit 0 when a running renderer answers",
    flags: ["config"],
    examples: [["sallyport-renderer health", "for a health check"]],
  },
  import: {
    summary: "print this configuration for docker-gen's or nginx-proxy's; exit 1 when something had to be left out",
    flags: [],
    usage: "FILE.toml…  or  -- docker-gen [flags] template [dest]  or  nginx-proxy [--separate] [--policy]",
    words: "files",
    examples: [
      ["sallyport-renderer import docker-gen.toml > renderer.yml", "its files; what is not taken over is on stderr"],
      [
        "sallyport-renderer import -- docker-gen -watch -notify-sighup nginx nginx.tmpl default.conf",
        "its command line, as it stands",
      ],
      [
        "DEFAULT_HOST=www.example.com sallyport-renderer import nginx-proxy --separate > renderer.yml",
        "nginx-proxy's environment, for an nginx apart; with --policy the agent's policy for it",
      ],
    ],
  },
  completion: {
    summary: "print a script that completes these words in a shell",
    flags: [],
    usage: "bash | zsh | fish",
    words: ["bash", "zsh", "fish"],
    examples: [
      ["source <(sallyport-renderer completion bash)", "in ~/.bashrc; in ~/.zshrc with zsh, after compinit"],
      ["sallyport-renderer completion fish > ~/.config/fish/completions/sallyport-renderer.fish", "once"],
    ],
  },
} as const satisfies Record<string, CommandEntry>;

export type CommandName = keyof typeof COMMANDS;

/** The commands as one type, for those who only read. */
export const COMMAND_ENTRIES: readonly (readonly [name: string, entry: CommandEntry])[] = Object.entries(COMMANDS);

export function isCommand(word: string): word is CommandName {
  return Object.hasOwn(COMMANDS, word);
}
