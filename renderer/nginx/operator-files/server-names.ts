import { readText } from "../../disk/read-text.ts";
import { type HostName, parseHostEntry } from "../../routes/grammar.ts";
import { type Statement, statementsOf } from "./statements.ts";
import { siblingsOf } from "./top-level-directives.ts";

/** A host name of the operator's own server, and the file of the server. */
export type OperatorHost = readonly [host: HostName, file: string];

/**
 * Returns the names of the servers in the other files of the destination's directory that listen on one of these ports.
 * Of two servers with one name nginx uses only the first. Servers that listen on one address only do not conflict. A file
 * that a renderer publishes has names of containers.
 */
export function readServerNames(
  destination: string,
  ports: readonly number[],
  isPublished: (path: string) => boolean,
): OperatorHost[] {
  const paths = siblingsOf(destination).filter((path) => !isPublished(path));
  const found = paths.flatMap((path) => {
    const file = readText(path);
    return "text" in file ? serverNames(file.text, ports).map((host): OperatorHost => [host, path]) : [];
  });
  return [...new Map(found.toReversed())].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function serverNames(text: string, ports: readonly number[]): HostName[] {
  const servers: Statement[][] = [];
  for (const one of statementsOf(text)) {
    if (one.depth === 0) servers.push([]);
    else if (one.depth === 1) servers.at(-1)?.push(one);
  }
  return servers.flatMap((server) => {
    const own = server.flatMap(({ name, parameters }) => (name === "listen" ? portOf(parameters) : []));
    const listens = server.some(({ name }) => name === "listen") ? own : [80];
    if (!listens.some((port) => ports.includes(port))) return [];
    return server.flatMap(({ name, parameters }) => (name === "server_name" ? namesIn(parameters) : []));
  });
}

/** Returns the port of a socket of all addresses. */
function portOf(listen: string): number[] {
  const [, port] = /^(?:(?:\*|0\.0\.0\.0|\[::\])(?::|$|(?=\s)))?([0-9]*)(?:\s|$)/.exec(listen) ?? [];
  return port === undefined ? [] : [Number(port || "80")];
}

/** `x` stands for quoted text that is no single word. */
function namesIn(parameters: string): HostName[] {
  const names = parameters.split(/\s+/).filter((name) => name !== "x");
  return names.flatMap((name) => {
    const parsed = parseHostEntry(name, true);
    return parsed.kind === "ok" ? parsed.value : [];
  });
}
