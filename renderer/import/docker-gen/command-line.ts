import { type Filters, type Generation, groupPairs, NOTHING_TOLD } from "./generation.ts";
import { type GivenFlag, parseGoBool, parseGoInt, splitGoFlags } from "./go-flags.ts";
import { differs, leftOut, type Note, quoted } from "./note.ts";
import { IDLE_VARIABLES, type Option, OPTIONS, type OptionKind, VARIABLES } from "./options.ts";

/** A command line in docker-gen's terms. */
export interface CommandLine {
  /** Undefined when it has files, or nothing to generate. */
  readonly generation: Generation | undefined;
  /** Configuration files in the order docker-gen reads them. */
  readonly files: readonly string[];
  readonly endpoint: Endpoint;
  /** What flags of ours among docker-gen's say. */
  readonly agents: readonly string[];
  readonly statusSocket: string | undefined;
  readonly format: string | undefined;
  readonly notes: readonly Note[];
}

/** How docker-gen would reach Docker, and which events it listens to. */
export interface Endpoint {
  readonly address: string;
  readonly hasTls: boolean;
  readonly eventFilter: Filters;
}

/** Reads `[NAME=value…] [docker-gen] [flags] template [dest]`, as a shell would have passed it on; `own` are flags beside docker-gen's. */
export function readCommandLine(words: readonly string[], own: readonly Option[] = []): CommandLine {
  const variables = leadingVariables(words);
  const rest = words.slice(variables.length);
  const args = /(^|\/)docker-gen$/.test(rest[0] ?? "") ? rest.slice(1) : rest;
  const known = [...OPTIONS, ...own];
  const kinds = new Map<string, OptionKind>(known.flatMap(({ flag, kind }) => (flag ? [[flag, kind]] : [])));
  const { flags, positionals, problems } = splitGoFlags(args, kinds);
  const environment = new Map(variables.map((word) => splitAt(word, "=")));
  const files = [...new Set(all(flags, "config"))].toSorted();
  return {
    generation:
      files.length > 0 || positionals.length === 0 ? undefined : generationOf(flags, positionals, environment),
    files,
    endpoint: endpointOf(flags, environment),
    agents: all(flags, "agent"),
    statusSocket: all(flags, "status-socket").at(-1),
    format: all(flags, "format").at(-1),
    notes: [
      ...problems.map(({ flag, problem }) => leftOut(`${quoted(flag)} ${problem}: docker-gen would end there`)),
      ...aboutVariables([...environment.keys()]),
      ...aboutPositionals(positionals, files),
      ...aboutFlags(flags, files),
    ],
  };
}

function leadingVariables(words: readonly string[]): string[] {
  const end = words.findIndex((word) => !/^[A-Za-z_][A-Za-z0-9_]*=/.test(word));
  return words.slice(0, end < 0 ? words.length : end);
}

function splitAt(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return [text.slice(0, at), text.slice(at + 1)];
}

function all(flags: readonly GivenFlag[], name: string): string[] {
  return flags.filter((flag) => flag.name === name).map(({ value }) => value);
}

function generationOf(
  flags: readonly GivenFlag[],
  [template = "", dest = ""]: readonly string[],
  environment: ReadonlyMap<string, string>,
): Generation {
  const text = (name: string): string => all(flags, name).at(-1) ?? "";
  const is = (name: string): boolean => parseGoBool(text(name)) ?? false;
  return {
    from: "the command line",
    template,
    dest,
    watch: is("watch"),
    wait: text("wait"),
    interval: parseGoInt(text("interval")) ?? NOTHING_TOLD.interval,
    keepBlankLines: is("keep-blank-lines"),
    onlyExposed: is("only-exposed"),
    onlyPublished: is("only-published"),
    includeStopped: is("include-stopped"),
    containerFilter: groupPairs(containerFilters(flags, environment)).filters,
    notifyCommand: text("notify"),
    notifyOutput: is("notify-output"),
    ...notifiedOf(flags, parseGoInt(text("notify-signal")) ?? NOTHING_TOLD.notifySignal),
  };
}

type Notified = Pick<Generation, "notifyContainers" | "notifyFilter" | "notifySignal">;

/** The signal is not for those of `-notify-sighup`. */
function notifiedOf(flags: readonly GivenFlag[], notifySignal: number): Notified {
  const hungUp = all(flags, "notify-sighup").map((id) => [id, 1] as const);
  const signalled = all(flags, "notify-container").map((id) => [id, notifySignal] as const);
  return {
    notifyContainers: Object.fromEntries([...hungUp, ...signalled]),
    notifyFilter: groupPairs(all(flags, "notify-filter")).filters,
    notifySignal,
  };
}

/** The variable counts only where no flag is given. */
function containerFilters(flags: readonly GivenFlag[], environment: ReadonlyMap<string, string>): string[] {
  const given = all(flags, "container-filter");
  const variable = environment.get("DOCKER_CONTAINER_FILTERS") ?? "";
  if (given.length > 0 || variable === "") return given;
  return variable.split(",").map((filter) => filter.trim());
}

function endpointOf(flags: readonly GivenFlag[], environment: ReadonlyMap<string, string>): Endpoint {
  const verifies = all(flags, "tlsverify").at(-1);
  const tls = ["tlscert", "tlskey", "tlscacert"].some((name) => all(flags, name).length > 0);
  return {
    address: all(flags, "endpoint").at(-1) ?? environment.get("DOCKER_HOST") ?? "",
    hasTls:
      tls ||
      (verifies === undefined ? Boolean(environment.get("DOCKER_TLS_VERIFY")) : parseGoBool(verifies) === true) ||
      Boolean(environment.get("DOCKER_CERT_PATH")),
    eventFilter: groupPairs(all(flags, "event-filter")).filters,
  };
}

function aboutVariables(names: readonly string[]): Note[] {
  return names.flatMap((name) => {
    if (Object.hasOwn(IDLE_VARIABLES, name)) return [differs(`${name}: ${IDLE_VARIABLES[name]}`)];
    if ((VARIABLES as readonly string[]).includes(name)) return [];
    return [leftOut(`the variable ${name}: templates here see no environment`)];
  });
}

function aboutPositionals([template, dest, ...more]: readonly string[], files: readonly string[]): Note[] {
  if (files.length > 0) {
    const given = [template, dest, ...more].filter((word) => word !== undefined);
    return given.map((word) => differs(`${quoted(word)}: docker-gen ignores it beside -config, and so does this`));
  }
  if (template === undefined) return [leftOut("no template and no -config: docker-gen would print its usage and end")];
  return more.map((word) => {
    const isLate = word.startsWith("-") ? ", for it takes flags only before the template" : "";
    return leftOut(`${quoted(word)}: docker-gen ignores it${isLate}, and so does this`);
  });
}

function aboutFlags(flags: readonly GivenFlag[], files: readonly string[]): Note[] {
  const globals = OPTIONS.flatMap(({ flag, isGlobal }) => (isGlobal ? [flag] : []));
  const ignored = files.length === 0 ? [] : flags.filter(({ name }) => !globals.includes(name));
  const pairs = flags.filter(({ name }) => OPTIONS.some(({ flag, kind }) => flag === name && kind === "pairs"));
  const dropped = pairs.filter((flag) => !ignored.includes(flag) && !flag.value.includes("="));
  return [
    ...(all(flags, "version").includes("true")
      ? [differs("-version prints a version and ends: nothing to import")]
      : []),
    ...ignored.map(({ name }) => differs(`-${name}: docker-gen ignores it beside -config, and so does this`)),
    ...dropped.map(({ name, value }) => leftOut(`-${name} ${quoted(value)} has no "=": docker-gen drops it silently`)),
  ];
}
