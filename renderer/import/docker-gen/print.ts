import { Document, isCollection, isMap, isScalar, type YAMLMap } from "yaml";
import type { Note } from "./note.ts";
import type { ImportedTarget } from "./target.ts";

/** Where the stack of compose.yml has the agent's socket. */
const AGENT_SOCKET = "/run/sallyport/agent/rpc.sock";

/** Columns of a comment. */
const WIDTH = 110;

/** Sockets that somebody named. */
export interface Sockets {
  readonly agents: readonly string[];
  readonly statusSocket: string | undefined;
}

/** The configuration as YAML, with what is to be said standing before what it is about. */
export function printConfig(
  targets: readonly ImportedTarget[],
  notes: readonly Note[],
  { agents, statusSocket }: Sockets,
): string {
  const proxies = targets.flatMap((one) => one.proxy ?? []);
  const proxy = proxies.find((one) => one !== "host") ?? proxies[0];
  const document = new Document({
    agents: (agents.length > 0 ? agents : [AGENT_SOCKET]).map((socket) => ({ socket })),
    ...(proxy === undefined ? {} : { proxy }),
    ...(statusSocket === undefined ? {} : { statusSocket }),
    targets: targets.map(({ target }) => target),
  });
  document.commentBefore = comment(["Made by `sallyport-renderer import`.", ...notes.map(sentence)]);
  for (const [index, one] of targets.entries()) annotate(document.getIn(["targets", index]) as YAMLMap, one);
  return document.toString({ lineWidth: 0 });
}

/** One line of what is to be said, for a terminal. */
export function sentence({ kind, text }: Note): string {
  return `${kind === "differs" ? "DIFFERS" : "LEFT OUT"}: ${text}`;
}

function annotate(map: YAMLMap, { from, target, notes }: ImportedTarget): void {
  const before = new Map<string, string[]>();
  for (const note of notes) {
    // A comment on the first key would stand behind the dash.
    const isAtKey = note.key !== undefined && note.key !== "template" && note.key in target;
    const key = isAtKey ? (note.key ?? "") : "";
    before.set(key, [...(before.get(key) ?? []), sentence(note)]);
  }
  map.commentBefore = comment([`From ${from}.`, ...(before.get("") ?? [])]);
  for (const { key, value } of map.items) {
    const lines = isScalar(key) ? before.get(String(key.value)) : undefined;
    if (isScalar(key) && lines) key.commentBefore = comment(lines);
    if (isCollection(value)) flowLists(value);
  }
}

/** Lists of words stand on one line, as people write them. */
function flowLists(value: unknown): void {
  if (isMap(value)) for (const item of value.items) flowLists(item.value);
  else if (isCollection(value) && value.items.every(isScalar)) value.flow = true;
  else if (isCollection(value)) for (const item of value.items) flowLists(item);
}

/** Wrapped lines; the library puts the number sign before each. */
function comment(lines: readonly string[]): string {
  return lines
    .flatMap((line) => line.match(new RegExp(`.{1,${WIDTH}}(?= |$)|\\S+`, "g")) ?? [])
    .map((line) => ` ${line.trim()}`)
    .join("\n");
}
