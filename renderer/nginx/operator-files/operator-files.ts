import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { readRegular } from "../../disk/read-regular.ts";

/** Files that an operator laid into a directory: name to a short hash of what is in it. */
export type OperatorFiles = ReadonlyMap<string, string>;

/** Names that can stand in a configuration; a wildcard host has a `*`. */
const NAME = /^[A-Za-z0-9*][A-Za-z0-9*._-]{0,254}$/;

/** Files in one directory that are looked at. */
const MAX_FILES = 10_000;

/** What is in a directory now. One that cannot be read is as good as empty; a file that cannot be read has the hash of its name. */
export function readOperatorFiles(directory: string): OperatorFiles {
  const names = namesIn(directory).filter((name) => NAME.test(name));
  return new Map(
    names
      .toSorted()
      .slice(0, MAX_FILES)
      .flatMap((name) => hashOf(directory, name)),
  );
}

/** One file of a directory, as `readOperatorFiles` has it; empty when it is not there. */
export function readOperatorFile(directory: string, name: string): OperatorFiles {
  return new Map(NAME.test(name) ? hashOf(directory, name) : []);
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function hashOf(directory: string, name: string): [name: string, hash: string][] {
  const hash = createHash("sha256");
  try {
    return [
      [
        name,
        hash
          .update(readRegular(join(directory, name)))
          .digest("hex")
          .slice(0, 16),
      ],
    ];
  } catch (error) {
    // A directory is no file; what only nginx may read (passwords), or is very large, is there all the same.
    return ["EACCES", "EFBIG"].includes((error as NodeJS.ErrnoException).code ?? "")
      ? [[name, hash.update(name).digest("hex").slice(0, 16)]]
      : [];
  }
}
