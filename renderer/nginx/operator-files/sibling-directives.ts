import { basename, dirname, join } from "node:path";
import { namesIn } from "../../disk/read-or-empty.ts";
import { readText } from "../../disk/read-text.ts";
import { statementsOf } from "./statements.ts";

/** Maximum number of files that are read from the destination's directory. */
const MAX_FILES = 1_000;

/**
 * Returns the sorted names of the `http` directives in the other files of the destination's directory, and parameters of
 * `listen` in their servers, such as `listen 80 default_server`. nginx includes these files too, and accepts many
 * directives and parameters only once. Unreadable files are skipped.
 */
export function readSiblingDirectives(destination: string): string[] {
  const names = namesIn(dirname(destination)).filter(
    (name) => /^[^.].*\.conf$/.test(name) && name !== basename(destination),
  );
  const found = names.slice(0, MAX_FILES).flatMap((name) => readDirectives(join(dirname(destination), name)));
  return [...new Set(found)].toSorted();
}

/** The directive that limits the length of host names; it is also listed with its size. */
export const BUCKET_SIZE = "server_names_hash_bucket_size";

/** Returns the names of a file's directives outside of any block, and parameters of `listen`; nothing if it is unreadable. */
export function readDirectives(path: string): string[] {
  const file = readText(path);
  if (!("text" in file)) return [];
  const sizes = statementsOf(file.text).filter(({ name, depth }) => name === BUCKET_SIZE && depth === 0);
  return [...topLevelDirectives(file.text), ...sizes.map(({ parameters }) => `${BUCKET_SIZE} ${parameters}`)];
}

/** Returns the names of the directives outside of any block, and parameters of `listen` that a port may have only once. */
export function topLevelDirectives(text: string): string[] {
  return statementsOf(text).flatMap(({ name, parameters, depth, isBlock }) => {
    if (isBlock) return [];
    return depth === 0 ? [name] : depth === 1 && name === "listen" ? uniqueParameters(parameters) : [];
  });
}

/** Returns `listen PORT PARAMETER` for a socket of all addresses. Others do not conflict with those of Sallyport. */
function uniqueParameters(listen: string): string[] {
  const [address = "", ...parameters] = listen.split(/\s+/);
  const match = /^(?:(?:\*|0\.0\.0\.0|(\[::\]))(?::|$))?([0-9]*)$/.exec(address);
  if (!match) return [];
  const [, ipv6 = "", port] = match;
  const socket = `listen ${ipv6 && "[::]:"}${port || "80"}${parameters.includes("quic") ? " quic" : ""}`;
  const isDefault = parameters.includes("default_server") || parameters.includes("default");
  return [
    ...(isDefault ? [`${socket} default_server`] : []),
    ...(parameters.includes("reuseport") ? [`${socket} reuseport`] : []),
  ];
}
