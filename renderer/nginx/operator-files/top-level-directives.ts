import { basename, dirname, join } from "node:path";
import { namesIn } from "../../disk/read-or-empty.ts";
import { readText } from "../../disk/read-text.ts";
import { type Statement, statementsOf } from "./statements.ts";

/** Maximum number of files that are read from the destination's directory. */
const MAX_FILES = 1_000;

/** Directives that are also listed with what follows them. */
const NAMED =
  /^(?:add_header|limit_conn|log_format|server_names_hash_bucket_size|set_real_ip_from|(?:proxy|grpc)_set_header|(?:fastcgi|uwsgi)_param|[a-z]+_hide_header)$/;

/** The directive that limits the length of host names. */
export const BUCKET_SIZE = "server_names_hash_bucket_size";

/**
 * Returns the sorted names of the `http` directives in the other files of the destination's directory. nginx includes
 * these files too, and accepts many directives only once. Unreadable files are skipped.
 */
export function readSiblingDirectives(destination: string): string[] {
  return [...new Set(siblingsOf(destination).flatMap(readDirectives))].toSorted();
}

/** Returns the paths of the other files in the destination's directory that nginx includes. */
export function siblingsOf(destination: string): string[] {
  const names = namesIn(dirname(destination)).filter(
    (name) => /^[^.].*\.conf$/.test(name) && name !== basename(destination),
  );
  return names.slice(0, MAX_FILES).map((name) => join(dirname(destination), name));
}

/** Returns the directives of a file outside of any block; none if it is unreadable. */
export function readDirectives(path: string): string[] {
  const file = readText(path);
  return "text" in file ? topLevelDirectives(file.text) : [];
}

/**
 * Returns the directives outside of any block: their names, and for some also the name with what follows it, such as
 * `add_header x-frame-options` and `location /path`; and parameters of `listen` that a port may have only once. A file that is included counts if the renderer can read it.
 */
export function topLevelDirectives(text: string, isIncluded = false): string[] {
  const statements = statementsOf(text);
  return [
    ...statements.flatMap((one) => (one.depth === 0 ? [...namesOf(one), ...(isIncluded ? [] : included(one))] : [])),
    ...statements.flatMap(({ name, depth, parameters }) =>
      depth === 1 && name === "listen" ? uniqueParameters(parameters) : [],
    ),
    ...(statements.some(usesVhostFormat) ? ["access_log vhost"] : []),
  ];
}

function namesOf({ name, parameters, isBlock }: Statement): string[] {
  const [first = ""] = parameters.split(/\s/);
  if (!isBlock) return NAMED.test(name) ? [name, `${name} ${first.toLowerCase()}`] : [name];
  if (name === "upstream") return [`${name} ${first}`];
  // To nginx a path with and without `^~` is the same location.
  return name === "location" ? [`${name} ${parameters.replace(/^\^~\s*/, "").replaceAll(/\s+/g, " ")}`] : [];
}

function included({ name, parameters }: Statement): string[] {
  if (name !== "include" || !/^\/[A-Za-z0-9._/-]+$/.test(parameters)) return [];
  const file = readText(parameters);
  return "text" in file ? topLevelDirectives(file.text, true) : [];
}

function usesVhostFormat({ name, parameters }: Statement): boolean {
  return name === "access_log" && parameters.split(/\s+/)[1] === "vhost";
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
