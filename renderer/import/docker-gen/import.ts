import { resolve } from "node:path";
import { Document, isScalar, type YAMLMap } from "yaml";
import { differs, type Note, quoted, skipped } from "../note.ts";
import { comment, printDocument, sentence } from "../print.ts";
import { parseCommandLine } from "./command-line.ts";
import type { Flags } from "./flags.ts";
import { type ImportContext, importTarget, type ImportedTarget } from "./target.ts";
import { printPolicy } from "./policy.ts";
import { readToml } from "./toml.ts";

/** The agent's socket in compose.yml. */
const AGENT_SOCKET = "/run/sallyport/agent/rpc.sock";

/** The imported configuration, or the problems. */
export type Imported =
  | {
      readonly kind: "imported";
      readonly yaml: string;
      readonly policy: string;
      readonly notes: readonly Note[];
      /** Whether docker-gen prints the first target to standard output. */
      readonly isPrinted: boolean;
      /** Whether docker-gen renders the first target once and exits. */
      readonly isOnce: boolean;
      readonly statusSocket: string | undefined;
    }
  | { readonly kind: "failed"; readonly problems: readonly string[] };

/** The targets, and what applies to the whole configuration. */
interface Parts {
  readonly targets: readonly ImportedTarget[];
  readonly notes: readonly Note[];
  readonly problems: readonly string[];
  readonly agents?: readonly string[];
  readonly statusSocket?: string | undefined;
}

export function importFiles(files: readonly string[], context: ImportContext): Imported {
  return finish(readFiles(files, context));
}

/**
 * Imports a command line of docker-gen with the files that it names. With `ownFlags`, which may stand among docker-gen's, it
 * runs in place of docker-gen and files are an error.
 */
export function importCommandLine(args: readonly string[], context: ImportContext, ownFlags?: Flags): Imported {
  const { generation, files, notes, agents, statusSocket, format } = parseCommandLine(args, ownFlags);
  if (ownFlags && files.length > 0) {
    return { kind: "failed", problems: files.map((file) => `-config ${file}: not supported; use \`import\``) };
  }
  const found = generation
    ? { targets: [importTarget(generation, context, format)], notes: [], problems: [] }
    : readFiles(files, context);
  return finish({
    ...found,
    notes: [...notes, ...found.notes],
    agents: agents.map((socket) => resolve(context.directory, socket)),
    statusSocket: statusSocket === undefined ? undefined : resolve(context.directory, statusSocket),
  });
}

function readFiles(files: readonly string[], context: ImportContext): Parts {
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

/** Only one target can write a destination: the first keeps it. */
function finish(parts: Parts): Imported {
  const isFirst = ({ target }: ImportedTarget, index: number): boolean =>
    parts.targets.findIndex((other) => other.target.destination === target.destination) === index;
  const targets = parts.targets.filter(isFirst);
  const duplicates = parts.targets
    .filter((one, index) => !isFirst(one, index))
    .map(({ source, target }) => skipped(`${source}: another target writes ${quoted(target.destination)}`));
  const nginxTargets = targets.filter(({ target }) => target["format"] === undefined);
  const knowsProxy = nginxTargets.length === 0 || nginxTargets.some(({ proxy }) => proxy !== undefined);
  const notes = [...parts.notes, ...duplicates, ...(knowsProxy ? [] : [UNKNOWN_PROXY])];
  const [first] = targets;
  if (parts.problems.length > 0) return { kind: "failed", problems: parts.problems };
  if (first === undefined) return { kind: "failed", problems: notes.map(({ text }) => text) };
  return {
    kind: "imported",
    yaml: print({ ...parts, targets, notes }),
    policy: printPolicy(targets.flatMap(({ names }) => names)),
    notes: [...notes, ...targets.flatMap((one) => one.notes)],
    ...first.mode,
    statusSocket: parts.statusSocket,
  };
}

const UNKNOWN_PROXY = differs(
  "nginx's container is unknown: give it the label sallyport.proxy=true, or set its name in `proxy`",
);

/** Prints the configuration, with each note as a comment above the key it is about. */
function print({ targets, notes, agents = [], statusSocket }: Parts): string {
  const proxies = targets.flatMap((one) => one.proxy ?? []);
  const proxy = proxies.find((one) => one !== "host") ?? proxies[0];
  const document = new Document({
    agents: (agents.length > 0 ? agents : [AGENT_SOCKET]).map((socket) => ({ socket })),
    ...(proxy === undefined ? {} : { proxy }),
    ...(statusSocket === undefined ? {} : { statusSocket }),
    targets: targets.map(({ target }) => target),
  });
  for (const [index, one] of targets.entries()) annotate(document.getIn(["targets", index]) as YAMLMap, one);
  return printDocument(document, ["Generated by `sallyport-renderer import`.", ...notes.map(sentence)]);
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
