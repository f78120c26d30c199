import { differs, type Note, quoted, skipped } from "../note.ts";
import { DEFAULTS, type Filters, type Generation, groupPairs, splitPair } from "./generation.ts";
import { type GivenFlag, parseGoBool, parseGoInt, splitGoFlags } from "./go-flags.ts";
import { type Option, OPTIONS, UNUSED_VARIABLES, VARIABLES } from "./options.ts";

/** A command line of docker-gen. */
export interface CommandLine {
  /** Undefined if configuration files are named, or no template. */
  readonly generation: Generation | undefined;
  /** Configuration files in the order docker-gen reads them. */
  readonly files: readonly string[];
  readonly endpoint: Endpoint;
  /** Values of Sallyport's own options. */
  readonly agents: readonly string[];
  readonly statusSocket: string | undefined;
  readonly format: string | undefined;
  readonly notes: readonly Note[];
}

/** How docker-gen reaches Docker, and the events it listens to. */
export interface Endpoint {
  readonly address: string;
  readonly hasTls: boolean;
  readonly eventFilter: Filters;
}

/**
 * Parses the arguments `[NAME=value…] [docker-gen] [flags] template [dest]`. `ownOptions` are options of Sallyport that may
 * stand among docker-gen's.
 */
export function parseCommandLine(args: readonly string[], ownOptions: readonly Option[] = []): CommandLine {
  const end = args.findIndex((argument) => !/^[A-Za-z_][A-Za-z0-9_]*=/.test(argument));
  const variables = new Map(args.slice(0, end < 0 ? args.length : end).map(splitPair));
  const rest = end < 0 ? [] : args.slice(end);
  const own = /(^|\/)docker-gen$/.test(rest[0] ?? "") ? rest.slice(1) : rest;
  const kinds = new Map([...OPTIONS, ...ownOptions].flatMap(({ flag, kind }) => (flag ? [[flag, kind]] : [])));
  const { flags, positionals, problems } = splitGoFlags(own, kinds);
  const files = [...new Set(valuesOf(flags, "config"))].toSorted();
  const isGeneration = files.length === 0 && positionals.length > 0;
  return {
    generation: isGeneration ? generationOf(flags, positionals, variables) : undefined,
    files,
    endpoint: endpointOf(flags, variables),
    agents: valuesOf(flags, "agent"),
    statusSocket: valuesOf(flags, "status-socket").at(-1),
    format: valuesOf(flags, "format").at(-1),
    notes: [
      ...problems.map(({ flag, problem }) => skipped(`${quoted(flag)} ${problem}; docker-gen exits with an error`)),
      ...aboutVariables([...variables.keys()]),
      ...aboutPositionals(positionals, files),
      ...aboutFlags(flags, files),
    ],
  };
}

function valuesOf(flags: readonly GivenFlag[], name: string): string[] {
  return flags.filter((flag) => flag.name === name).map(({ value }) => value);
}

function generationOf(
  flags: readonly GivenFlag[],
  [template = "", dest = ""]: readonly string[],
  variables: ReadonlyMap<string, string | undefined>,
): Generation {
  const given = OPTIONS.flatMap(({ flag, kind, field }) => {
    const values = flag === undefined ? [] : valuesOf(flags, flag);
    return field === undefined || values.length === 0 || kind === "list" ? [] : [[field, valueOf(values, kind)]];
  });
  const generation: Generation = {
    ...DEFAULTS,
    ...Object.fromEntries(given),
    source: "the command line",
    template,
    dest,
  };
  const hungUp = valuesOf(flags, "notify-sighup").map((id) => [id, 1] as const);
  const signalled = valuesOf(flags, "notify-container").map((id) => [id, generation.notifySignal] as const);
  const filters = variables.get("DOCKER_CONTAINER_FILTERS") ?? "";
  return {
    ...generation,
    notifyContainers: Object.fromEntries([...hungUp, ...signalled]),
    // docker-gen reads the variable only without the flag.
    ...(filters !== "" &&
      valuesOf(flags, "container-filter").length === 0 && {
        containerFilter: groupPairs(filters.split(",").map((filter) => filter.trim())),
      }),
  };
}

function valueOf(values: readonly string[], kind: Exclude<Option["kind"], "list">): unknown {
  const last = values.at(-1) ?? "";
  switch (kind) {
    case "bool":
      return parseGoBool(last);
    case "number":
      return parseGoInt(last);
    case "text":
      return last;
    case "pairs":
      return groupPairs(values);
  }
}

function endpointOf(flags: readonly GivenFlag[], variables: ReadonlyMap<string, string | undefined>): Endpoint {
  const verifies = valuesOf(flags, "tlsverify").at(-1);
  return {
    address: valuesOf(flags, "endpoint").at(-1) ?? variables.get("DOCKER_HOST") ?? "",
    hasTls:
      ["tlscert", "tlskey", "tlscacert"].some((name) => valuesOf(flags, name).length > 0) ||
      (verifies === undefined ? Boolean(variables.get("DOCKER_TLS_VERIFY")) : parseGoBool(verifies) === true) ||
      Boolean(variables.get("DOCKER_CERT_PATH")),
    eventFilter: groupPairs(valuesOf(flags, "event-filter")),
  };
}

function aboutVariables(names: readonly string[]): Note[] {
  return names.flatMap((name) => {
    if (Object.hasOwn(UNUSED_VARIABLES, name)) return [differs(`${name}: ${UNUSED_VARIABLES[name]}`)];
    if ((VARIABLES as readonly string[]).includes(name)) return [];
    return [skipped(`variable ${name}: templates of Sallyport cannot read the environment`)];
  });
}

function aboutPositionals([template, ...more]: readonly string[], files: readonly string[]): Note[] {
  if (files.length > 0) {
    const ignored = [template, ...more].filter((argument) => argument !== undefined);
    return ignored.map((argument) => differs(`${quoted(argument)}: docker-gen ignores it next to -config`));
  }
  if (template === undefined) return [skipped("no template and no -config: docker-gen prints its usage and exits")];
  return more.slice(1).map((argument) => {
    const reason = argument.startsWith("-") ? "flags after the template" : "more than two arguments";
    return skipped(`${quoted(argument)}: docker-gen ignores ${reason}`);
  });
}

function aboutFlags(flags: readonly GivenFlag[], files: readonly string[]): Note[] {
  const optionOf = ({ name }: GivenFlag): Option | undefined => OPTIONS.find(({ flag }) => flag === name);
  const ignored = files.length === 0 ? [] : flags.filter((flag) => optionOf(flag)?.isGlobal !== true);
  const invalid = flags.filter(
    (flag) => optionOf(flag)?.kind === "pairs" && !ignored.includes(flag) && !flag.value.includes("="),
  );
  return [
    ...(valuesOf(flags, "version").includes("true")
      ? [differs("-version: docker-gen prints its version and exits")]
      : []),
    ...ignored.map(({ name }) => differs(`-${name}: docker-gen ignores it next to -config`)),
    ...invalid.map(({ name, value }) => skipped(`-${name} ${quoted(value)} has no "="; docker-gen ignores it`)),
  ];
}
