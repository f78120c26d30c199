import { readdirSync, readlinkSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** Most directories watched for the links of one: each takes an inotify watch. */
const MAX_DIRECTORIES = 1_000;

/** Most links from a name to its file. The kernel has the same limit. */
const MAX_LINKS = 40;

/**
 * Returns the directories of all link targets of a directory, following chains of links. A renewed certificate is written
 * there, while the directory with the link does not change.
 */
export function linkedDirectories(directory: string): string[] {
  const found = new Set<string>();
  for (const name of linksIn(directory)) {
    for (const target of targetsOf(join(directory, name))) {
      if (found.size < MAX_DIRECTORIES) found.add(target);
    }
  }
  found.delete(resolve(directory));
  return [...found];
}

function linksIn(directory: string): string[] {
  try {
    const entries = readdirSync(directory, { withFileTypes: true });
    return entries.flatMap((entry) => (entry.isSymbolicLink() ? [entry.name] : []));
  } catch {
    return [];
  }
}

function targetsOf(link: string): string[] {
  const directories: string[] = [];
  let file = link;
  while (directories.length < MAX_LINKS) {
    const target = targetOf(file);
    if (target === undefined) break;
    file = resolve(dirname(file), target);
    directories.push(dirname(file));
  }
  return directories;
}

function targetOf(file: string): string | undefined {
  try {
    return readlinkSync(file);
  } catch {
    return undefined;
  }
}
