import { namesIn } from "../../disk/read-or-empty.ts";
import { hashFiles, isFile } from "../file-hash.ts";

/** The operator's files in a directory: name to a short hash of the contents. */
export type OperatorFiles = ReadonlyMap<string, string>;

/** File names that can be printed into a configuration; the file of a wildcard host has a `*`. */
const NAME = /^[A-Za-z0-9*][A-Za-z0-9*._-]{0,254}$/;

/** Maximum number of files that are read from one directory. */
const MAX_FILES = 10_000;

/** Reads a directory, or only `names` of it. An unreadable directory is empty. */
export function readOperatorFiles(directory: string, names: readonly string[] = namesIn(directory)): OperatorFiles {
  const valid = names.filter((name) => NAME.test(name)).slice(0, MAX_FILES);
  return new Map(valid.flatMap((name) => (isFile(directory, name) ? [[name, hashFiles(directory, [name])]] : [])));
}
