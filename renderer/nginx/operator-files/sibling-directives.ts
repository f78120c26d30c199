import { basename, dirname, join } from "node:path";
import { namesIn } from "../../disk/read-or-empty.ts";
import { readText } from "../../disk/read-text.ts";
import { statementsOf } from "./statements.ts";

/** Maximum number of files that are read from the destination's directory. */
const MAX_FILES = 1_000;

/**
 * Returns the sorted names of the `http` directives in the other files of the destination's directory. nginx includes
 * these files too, and accepts many directives only once. Unreadable files are skipped.
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

/** Returns the names of a file's directives outside of any block; none if it is unreadable. */
export function readDirectives(path: string): string[] {
  const file = readText(path);
  if (!("text" in file)) return [];
  const sizes = statementsOf(file.text).filter(({ name, depth }) => name === BUCKET_SIZE && depth === 0);
  return [...topLevelDirectives(file.text), ...sizes.map(({ parameters }) => `${BUCKET_SIZE} ${parameters}`)];
}

/** Returns the names of the directives outside of any block. */
export function topLevelDirectives(text: string): string[] {
  return statementsOf(text).flatMap(({ name, depth, isBlock }) => (depth === 0 && !isBlock ? [name] : []));
}
