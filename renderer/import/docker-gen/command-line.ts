import { differs, type Note, quoted, skipped } from "../note.ts";
import { FLAGS, type Flags, splitArguments } from "./flags.ts";
import { Generation, groupPairs, splitPair } from "./generation.ts";

export interface CommandLine {
  /** Undefined if configuration files are named, or no template. */
  readonly generation: Generation | undefined;
  /** Configuration files in the order docker-gen reads them. */
  readonly files: readonly string[];
  /** Values of Sallyport's own options. */
  readonly agents: readonly string[];
  readonly statusSocket: string | undefined;
  readonly format: string | undefined;
  readonly notes: readonly Note[];
}

export const VARIABLES: readonly string[] = [
  "DOCKER_HOST",
  "DOCKER_CERT_PATH",
  "DOCKER_TLS_VERIFY",
  "DOCKER_CONTAINER_FILTERS",
  "HOSTNAME",
  "HOME",
  "HTTP_PROXY",
  "HTTPS_PROXY",
];

/**
 * Parses the arguments `[NAME=value…] [docker-gen] [flags] template [dest]`. `ownFlags` are options of Sallyport that may
 * stand among docker-gen's.
 */
export function parseCommandLine(args: readonly string[], ownFlags: Flags = {}): CommandLine {
  const end = args.findIndex((argument) => !/^[A-Za-z_][A-Za-z0-9_]*=/.test(argument));
  const variables = new Map(args.slice(0, end < 0 ? args.length : end).map(splitPair));
  const rest = end < 0 ? [] : args.slice(end);
  const own = /(^|\/)docker-gen$/.test(rest[0] ?? "") ? rest.slice(1) : rest;
  const { values, positionals, problems } = splitArguments(own, { ...FLAGS, ...ownFlags });
  const texts = (flag: string): string[] => (values.get(flag) ?? []).map(String);
  const files = [...new Set(texts("config"))].toSorted();
  const [template, dest = "", ...more] = files.length > 0 ? [] : positionals;

  const given = Object.entries(FLAGS).flatMap(([flag, [kind, field]]) =>
    field && values.has(flag) ? [[field, kind === "pairs" ? groupPairs(texts(flag)) : values.get(flag)?.at(-1)]] : [],
  );
  const generation = Generation.parse({
    // docker-gen reads the variable only without the flag.
    containerFilter: groupPairs((variables.get("DOCKER_CONTAINER_FILTERS") ?? "").split(",").map((one) => one.trim())),
    ...Object.fromEntries(given),
    template,
    dest,
  });
  const notifyContainers = Object.fromEntries([
    ...texts("notify-sighup").map((id) => [id, 1]),
    ...texts("notify-container").map((id) => [id, generation.notifyContainersSignal]),
  ]) as Record<string, number>;

  const foreign = [...variables.keys()].filter((name) => !VARIABLES.includes(name));
  const invalid = Object.entries(FLAGS).flatMap(([flag, [kind]]) =>
    (kind === "pairs" ? texts(flag) : [])
      .filter((text) => !text.includes("="))
      .map((text) => `-${flag} ${quoted(text)}`),
  );
  return {
    generation: template === undefined ? undefined : { ...generation, notifyContainers, source: "the command line" },
    files,
    agents: texts("agent"),
    statusSocket: texts("status-socket").at(-1),
    format: texts("format").at(-1),
    notes: [
      ...problems.map((problem) => skipped(`${problem}; correct it`)),
      ...foreign.map((name) => skipped(`variable ${name}: templates of Sallyport cannot read the environment`)),
      ...(template === undefined && files.length === 0
        ? [skipped("no template and no -config: docker-gen prints its usage and exits")]
        : []),
      ...more.map((argument) => skipped(`${quoted(argument)}: docker-gen ignores what follows the destination`)),
      ...invalid.map((what) => skipped(`${what} has no "="; docker-gen ignores it`)),
      ...aboutDocker(texts, variables),
    ],
  };
}

/** How docker-gen reaches Docker, and the events it listens to: the agent's part. */
function aboutDocker(texts: (flag: string) => string[], variables: ReadonlyMap<string, string | undefined>): Note[] {
  const address = texts("endpoint").at(-1) ?? variables.get("DOCKER_HOST") ?? "";
  const socket = /^unix:\/\/(\/.*)$/.exec(address)?.[1];
  const hasTls =
    ["tlscert", "tlskey", "tlscacert", "tlsverify"].some((flag) => (texts(flag).at(-1) ?? "false") !== "false") ||
    ["DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"].some((name) => variables.get(name));
  return [
    ...(socket === undefined ? [] : [differs(`the agent opens Docker's socket: --docker-socket ${socket}`)]),
    ...(socket === undefined && !["", "unix://"].includes(address)
      ? [skipped(`${quoted(address)}: the agent supports only a Unix socket`)]
      : []),
    ...(hasTls ? [skipped("TLS to Docker: the agent supports only a Unix socket; run it on the Docker host")] : []),
    ...texts("event-filter").map((filter) =>
      differs(`event filter ${quoted(filter)}: the agent follows every event that can change the file`),
    ),
  ];
}
