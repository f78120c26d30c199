import { resolve } from "node:path";
import { Document, isScalar, type YAMLMap } from "yaml";
import { differs, type Note, quoted, skipped } from "../note.ts";
import { comment, printDocument, sentence } from "../print.ts";
import { type Endpoint, parseCommandLine } from "./command-line.ts";
import type { Option } from "./options.ts";
import { type ImportContext, importTarget, type ImportedTarget } from "./target.ts";
import { readToml } from "./toml.ts";

/** The agent's socket in compose.yml. */
const AGENT_SOCKET = "/run/sallyport/agent/rpc.sock";

/** The imported configuration, or the problems. */
export type Imported =
  | {
      readonly kind: "imported";
      readonly yaml: string;
      readonly notes: readonly Note[];
      /** Whether docker-gen prints the first target to standard output. */
      readonly isPrinted: boolean;
      /** Whether docker-gen renders the first target once and exits. */
      readonly isOnce: boolean;
      readonly statusSocket: string | undefined;
    }
  | { readonly kind: "failed"; readonly problems: readonly string[] };

/** Imports docker-gen's configuration files. */
export function importFiles(files: readonly string[], context: ImportContext): Imported {
  return finish(importTargets(files, context), { notes: [], agents: [], statusSocket: undefined });
}

/**
 * Imports a command line of docker-gen with the files that it names. With `ownOptions`, which may stand among docker-gen's, it
 * runs in place of docker-gen and files are an error.
 */
export function importCommandLine(
  args: readonly string[],
  context: ImportContext,
  ownOptions?: readonly Option[],
): Imported {
  const commandLine = parseCommandLine(args, ownOptions);
  const { generation, files, statusSocket } = commandLine;
  if (ownOptions && files.length > 0) {
    return { kind: "failed", problems: files.map((file) => `-config ${file}: not supported; use \`import\``) };
  }
  const globals = {
    notes: [...commandLine.notes, ...aboutEndpoint(commandLine.endpoint)],
    agents: commandLine.agents.map((socket) => resolve(context.directory, socket)),
    statusSocket: statusSocket === undefined ? undefined : resolve(context.directory, statusSocket),
  };
  if (!generation) return finish(importTargets(files, context), globals);
  return finish({ targets: [importTarget(generation, context, commandLine.format)], notes: [], problems: [] }, globals);
}

interface Targets {
  readonly targets: readonly ImportedTarget[];
  readonly notes: readonly Note[];
  readonly problems: readonly string[];
}

function importTargets(files: readonly string[], context: ImportContext): Targets {
  const parsed = files.map((file) => {
    const found = context.read(file);
    return "text" in found ? readToml(found.text, file) : found;
  });
  const readable = parsed.flatMap((one) => ("problem" in one ? [] : [one]));
  const merged = differs("docker-gen merges several files, a later one over an earlier; Sallyport has all targets");
  return {
    targets: readable
      .flatMap(({ entries }) => entries)
      .map(({ generation, notes }) => {
        const imported = importTarget(generation, context);
        return { ...imported, notes: [...notes, ...imported.notes] };
      }),
    notes: [...readable.flatMap(({ notes }) => notes), ...(files.length > 1 ? [merged] : [])],
    problems: parsed.flatMap((one) => ("problem" in one ? [one.problem] : [])),
  };
}

/** What applies to the whole configuration. */
interface Globals {
  readonly notes: readonly Note[];
  readonly agents: readonly string[];
  readonly statusSocket: string | undefined;
}

/** Only one target can write a destination: the first keeps it. */
function finish({ targets, notes, problems }: Targets, globals: Globals): Imported {
  const isFirst = ({ target }: ImportedTarget, index: number): boolean =>
    targets.findIndex((other) => other.target.destination === target.destination) === index;
  const kept = targets.filter(isFirst);
  const duplicates = targets
    .filter((one, index) => !isFirst(one, index))
    .map(({ source, target }) => skipped(`${source}: another target writes ${quoted(target.destination)}`));
  const nginxTargets = kept.filter(({ target }) => target["format"] === undefined);
  const knowsProxy = nginxTargets.length === 0 || nginxTargets.some(({ proxy }) => proxy !== undefined);
  const general = [...globals.notes, ...notes, ...duplicates, ...(knowsProxy ? [] : [UNKNOWN_PROXY])];
  const [first] = kept;
  if (problems.length > 0) return { kind: "failed", problems };
  if (first === undefined) return { kind: "failed", problems: general.map(({ text }) => text) };
  return {
    kind: "imported",
    yaml: print(kept, general, globals),
    notes: [...general, ...kept.flatMap((one) => one.notes)],
    ...first.mode,
    statusSocket: globals.statusSocket,
  };
}

const UNKNOWN_PROXY = differs(
  "nginx's container is unknown: give it the label sallyport.proxy=true, or set its name in `proxy`",
);

function aboutEndpoint({ address, hasTls, eventFilter }: Endpoint): Note[] {
  const socket = /^unix:\/\/(\/.*)$/.exec(address)?.[1];
  const isDefault = address === "" || address === "unix://";
  return [
    ...(socket === undefined ? [] : [differs(`the agent opens Docker's socket: --docker-socket ${socket}`)]),
    ...(socket === undefined && !isDefault
      ? [skipped(`${quoted(address)}: the agent supports only a Unix socket`)]
      : []),
    ...(hasTls ? [skipped("TLS to Docker: the agent supports only a Unix socket; run it on the Docker host")] : []),
    ...Object.entries(eventFilter).flatMap(([key, values]) => aboutEvents(key, values)),
  ];
}

/** Events of any container that the agent listens to. It then compares what matters with what it was. */
const EVENTS = "start stop die health_status kill pause unpause rename destroy connect disconnect".split(" ");

function aboutEvents(key: string, values: readonly string[]): Note[] {
  const others = key === "event" ? values.filter((value) => !EVENTS.includes(value)) : values;
  if (others.length === 0) return [];
  const filter = `event filter ${key}=${others.map(quoted).join(", ")}`;
  return key === "event"
    ? [skipped(`${filter}: the agent's events are fixed: ${EVENTS.join(", ")}`)]
    : [differs(`${filter}: events of other containers change nothing unless they affect the file`)];
}

/** Prints the configuration, with each note as a comment above the key it is about. */
function print(targets: readonly ImportedTarget[], notes: readonly Note[], { agents, statusSocket }: Globals): string {
  const proxies = targets.flatMap((one) => one.proxy ?? []);
  const proxy = proxies.find((one) => one !== "host") ?? proxies[0];
  const document = new Document({
    agents: (agents.length > 0 ? agents : [AGENT_SOCKET]).map((socket) => ({ socket })),
    ...(proxy === undefined ? {} : { proxy }),
    ...(statusSocket === undefined ? {} : { statusSocket }),
    targets: targets.map(({ target }) => target),
  });
  for (const [index, one] of targets.entries()) annotate(document.getIn(["targets", index]) as YAMLMap, one);
  return printDocument(document, ["Made by `sallyport-renderer import`.", ...notes.map(sentence)]);
}

function annotate(map: YAMLMap, { source, target, notes }: ImportedTarget): void {
  // The library prints a comment on the first key after the dash.
  const isAtKey = ({ key }: Note): boolean => key !== undefined && key !== "template" && key in target;
  map.commentBefore = comment([`From ${source}.`, ...notes.filter((note) => !isAtKey(note)).map(sentence)]);
  for (const { key } of map.items) {
    if (!isScalar(key)) continue;
    const own = notes.filter((note) => isAtKey(note) && note.key === key.value);
    if (own.length > 0) key.commentBefore = comment(own.map(sentence));
  }
}
